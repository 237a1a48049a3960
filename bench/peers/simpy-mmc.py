"""M/M/c in SimPy, as its documentation models a queue: simpy-mmc.py SERVERS LOAD CUSTOMERS SEED."""
import json
import random
import sys

import simpy

servers, load, customers, seed = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(seed)
env = simpy.Environment()
counter = simpy.Resource(env, capacity=servers)
total = 0.0


def customer():
    global total
    arrived = env.now
    with counter.request() as turn:
        yield turn
        yield env.timeout(chance.expovariate(1.0))
    total += env.now - arrived


def source():
    for _ in range(customers):
        yield env.timeout(chance.expovariate(load * servers))
        env.process(customer())


env.process(source())
env.run()
print(json.dumps({"meanSojourn": total / customers}))
