// M/M/c in SIM.JS, with one facility: `simjs-mmc.mjs FOLDER SERVERS LOAD CUSTOMERS SEED`, where FOLDER has the package.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, ...numbers] = process.argv.slice(2);
const [servers, load, customers, seed] = numbers.map(Number);
// The package is made for pages, and puts its names there.
globalThis.window = {};
createRequire(join(folder, 'package.json'))('simjs');
const { Entity, Facility, Random, Sim } = globalThis.window.Sim;

const random = new Random(seed);
const sim = new Sim('mmc');
const counter = new Facility('counter', Facility.FCFS, servers);
let total = 0;
let arrived = 0;
let served = 0;

class Source extends Entity {
  start() {
    this.setTimer(random.exponential(load * servers)).done(this.arrive);
  }
  arrive() {
    const at = this.time();
    this.useFacility(counter, random.exponential(1)).done(() => {
      total += this.time() - at;
      served++;
    });
    if (++arrived < customers) this.start();
  }
}

sim.addEntity(Source);
sim.simulate(Number.MAX_VALUE);
if (served !== customers) throw new Error(`SIM.JS served ${served} of ${customers} customers`);
console.log(JSON.stringify({ meanSojourn: total / customers }));
