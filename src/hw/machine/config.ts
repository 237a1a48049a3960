/** The configuration of a hardware run: devices, addresses and cores. The files of configs/ describe the form. */

import { dirname } from 'node:path';
import { type Checker, type Field, oneOf, show } from '../../input/checker.js';
import { anything, list, optional, positiveDuration, text } from '../../input/fields.js';
import { readChecked } from '../../input/read-checked.js';
import { EnvironmentError } from '../../units/errors.js';
import { MAX_WORKERS } from '../memory/layout.js';
import { builtNative, type FrameFormat, type NetForm, type Poll } from '../native/native.js';
import { type ApplicationChoice, readApplication } from './application-config.js';
import { type ClassifierConfig, defaultClassifier, readClassifier } from './classifier-config.js';
import { choice, flag, integer, pattern } from './config-fields.js';

/** The Ethernet device of one side. */
export type Device =
  | { readonly kind: 'pci'; readonly address: string }
  | { readonly kind: 'memif'; readonly socket: string; readonly listens: boolean }
  | { readonly kind: 'af_packet'; readonly interface: string };

/** One end of the wire. Without a MAC psp uses the device's own, and asks for the other end's by ARP. */
export interface Address {
  readonly mac?: string;
  readonly ip: string;
  readonly port: number;
}

export interface ServerConfig {
  readonly device: Device;
  readonly address: Address;
  readonly eal: readonly string[];
  readonly workers: number;
  readonly application: ApplicationChoice;
  readonly poll: Poll;
  /** Absent: as {@link chooseNet} finds the machine. */
  readonly net?: NetForm;
  readonly cores: ServerCores;
  readonly queues: number;
  readonly descriptors: number;
  readonly promiscuous: boolean;
}

/** Cores to pin threads to. Threads without one are left to the kernel. */
export interface ServerCores {
  readonly main?: number;
  readonly net?: number;
  readonly dispatcher?: number;
  readonly workers?: readonly number[];
}

export interface ClientConfig {
  readonly device: Device;
  readonly address: Address;
  readonly server: Address;
  readonly eal: readonly string[];
  readonly poll: Poll;
  /** One sending thread per core; -1 leaves a thread to the kernel. */
  readonly cores: readonly number[];
  readonly mainCore?: number;
  readonly descriptors: number;
  readonly promiscuous: boolean;
  /** Requests unanswered at once beyond which arrivals are skipped; absent: no limit. */
  readonly concurrency?: number;
  /** Take answers from any address and port: some servers answer from another than they are asked at. */
  readonly anySource?: boolean;
  /** How long to wait for the server; absent: 10 s. */
  readonly connectNs?: number;
  readonly drainNs: number;
  /** How many clients share the offered rate, this one being `index` (from 0). */
  readonly share: { readonly clients: number; readonly index: number };
}

export interface HardwareConfig {
  readonly frame: FrameFormat;
  readonly classifier: ClassifierConfig;
  readonly server?: ServerConfig;
  readonly client?: ClientConfig;
}

/** UDP port of Perséphone's experiments. */
export const DEFAULT_UDP_PORT = 6789;
/** The size of Perséphone's rings. */
const DEFAULT_DESCRIPTORS = 128;
/** A run ends after this silence since the last send. Perséphone's client waits 5 s whenever one reply is lost. */
export const DEFAULT_DRAIN_NS = 1e9;

export const mac = pattern('a MAC address such as 42:42:42:42:42:01', /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i);
export const ip = pattern(
  'an IPv4 address such as 192.168.10.10',
  /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/,
);
const pci = pattern('a PCI address such as 0000:18:00.1', /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i);
const udpPort = integer('a UDP port from 1 to 65535', 1, 65535);
/** A server with port 0 takes datagrams for every port. */
const anyUdpPort = integer('a UDP port from 1 to 65535, or 0 for any', 0, 65535);
const core = integer('the number of a core', 0, 1023);
const frame = choice<FrameFormat>('psp', 'psp-mb', 'ix', 'udp');
const POLLS: readonly Poll[] = ['spin', 'yield', 'sleep'];
const NETS: readonly NetForm[] = ['inline', 'thread'];
const poll = choice(...POLLS);

/** What idle threads do, who polls the device, or both: `sleep`, `inline`, `[inline, sleep]`. */
const serverPoll: Field<{ readonly poll?: Poll; readonly net?: NetForm }> = (input) => {
  const words: readonly unknown[] = Array.isArray(input) ? input : [input];
  const polls = POLLS.filter((name) => words.includes(name));
  const nets = NETS.filter((name) => words.includes(name));
  if (words.length === 0 || polls.length > 1 || nets.length > 1 || polls.length + nets.length < words.length) {
    throw new Error(
      `expected ${oneOf(POLLS)}, or ${oneOf(NETS)}, or a list with one of both kinds, found ${show(input)}`,
    );
  }
  return { ...(polls[0] && { poll: polls[0] }), ...(nets[0] && { net: nets[0] }) };
};

/** @throws EnvironmentError when no device can have the MAC: it is that of a group, or all zeros */
export function refuseUselessMac({ mac, ip }: Address): void {
  if (mac === undefined) return;
  const isGroup = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
  if (isGroup || /^[0:]*$/.test(mac)) {
    throw new EnvironmentError(
      `bad MAC ${mac} of ${ip}: expected that of a device, found ${isGroup ? 'that of a group' : 'all zeros'}`,
    );
  }
}

/**
 * Reads a configuration from the text of its YAML file.
 *
 * @param fileName what to call it in messages; the path of a plug-in is relative to its folder
 * @param applications the names of the built-in applications; default: those of the addon. Without an addon any name is
 *   taken, because nothing can run.
 * @throws InputError with everything that is wrong, each with file, line and column
 */
export function parseHardwareConfig(
  yaml: string,
  fileName: string,
  applications: readonly string[] | undefined = builtNative()?.applications,
): HardwareConfig {
  const context = { folder: dirname(fileName), applications };
  return readChecked(yaml, fileName, (value, checker) => readConfig(value, checker, context));
}

/** What a configuration is read with. */
interface Context {
  readonly folder: string;
  readonly applications: readonly string[] | undefined;
}

/** The configuration of one end. @throws EnvironmentError when it has none */
export function configOfRole(config: HardwareConfig, role?: 'server' | 'client'): HardwareConfig {
  if (role === undefined) return config;
  if (config[role] === undefined) throw new EnvironmentError(`the configuration has no ${role}: section`);
  const { server, client, ...common } = config;
  return role === 'server' ? { ...common, server: server! } : { ...common, client: client! };
}

function readConfig(value: unknown, checker: Checker, context: Context): HardwareConfig | undefined {
  const fields = checker.fields(
    { frame: optional(frame), classifier: anything, server: anything, client: anything },
    value,
  );
  if (!fields) return undefined;
  if (fields.server === undefined && fields.client === undefined) {
    return checker.refuse('expected a server or a client (or both), found neither');
  }
  const format = fields.frame ?? 'psp';
  if (format === 'udp' && fields.client !== undefined) {
    return checker
      .at('frame')
      .refuse('expected psp, psp-mb or ix with a client, found udp: its payloads are of the application');
  }
  const classifier =
    fields.classifier === undefined && format !== 'udp'
      ? defaultClassifier(format)
      : readClassifier(fields.classifier, checker.at('classifier'), format);
  const server = fields.server === undefined ? undefined : readServer(fields.server, checker.at('server'), context);
  const client = fields.client === undefined ? undefined : readClient(fields.client, checker.at('client'));
  if (!classifier) return undefined;
  return { frame: format, classifier, ...(server && { server }), ...(client && { client }) };
}

function readServer(value: unknown, checker: Checker, context: Context): ServerConfig | undefined {
  const fields = checker.fields(
    {
      device: anything,
      address: anything,
      eal: optional(list('arguments for DPDK')),
      workers: integer(`a number of workers from 1 to ${MAX_WORKERS}`, 1, MAX_WORKERS),
      application: anything,
      poll: optional(serverPoll),
      cores: anything,
      queues: optional(integer('a number of queue pairs from 1 to 64', 1, 64)),
      descriptors: optional(integer('a ring size from 32 to 4096', 32, 4096)),
      promiscuous: optional(flag),
    },
    value,
  );
  if (!fields) return undefined;
  const device = readDevice(fields.device, checker.at('device'), true);
  const address = readAddress(fields.address, checker.at('address'), anyUdpPort);
  const application = readApplication(fields.application ?? 'spin', checker.at('application'), context);
  const cores = fields.cores === undefined ? {} : readServerCores(fields.cores, checker.at('cores'), fields.workers);
  const { poll = 'spin', net } = fields.poll ?? {};
  if (net === 'inline' && cores?.net !== undefined) {
    return checker.at('cores', 'net').refuse('expected no core for net, because with poll: inline no thread needs it');
  }
  if (!device || !address || !application || !cores || fields.workers === undefined) return undefined;
  return {
    device,
    address,
    application,
    cores,
    workers: fields.workers,
    eal: (fields.eal ?? []).map(String),
    poll,
    ...(net && { net }),
    queues: fields.queues ?? 1,
    descriptors: fields.descriptors ?? DEFAULT_DESCRIPTORS,
    promiscuous: fields.promiscuous ?? false,
  };
}

function readServerCores(value: unknown, checker: Checker, workers: number | undefined): ServerCores | undefined {
  const fields = checker.map(
    { main: optional(core), net: optional(core), dispatcher: optional(core), workers: optional(list('cores')) },
    value,
  );
  if (!fields) return undefined;
  const list_ = fields.workers?.map((item, i) => checker.at('workers', i).value(core, item));
  if (list_ && workers !== undefined && list_.length !== workers) {
    return checker.at('workers').refuse(`expected ${workers} cores, one per worker, found ${list_.length}`);
  }
  const all = [fields.net, fields.dispatcher, ...(list_ ?? [])].filter((c) => c !== undefined);
  const twice = all.find((c, i) => all.indexOf(c) !== i);
  if (twice !== undefined) {
    return checker.refuse(`expected a core for each of net, dispatcher and workers, found core ${twice} given twice`);
  }
  return {
    ...(fields.main !== undefined && { main: fields.main }),
    ...(fields.net !== undefined && { net: fields.net }),
    ...(fields.dispatcher !== undefined && { dispatcher: fields.dispatcher }),
    ...(list_ && { workers: list_.filter((c) => c !== undefined) }),
  };
}

function readClient(value: unknown, checker: Checker): ClientConfig | undefined {
  const fields = checker.fields(
    {
      device: anything,
      address: anything,
      server: anything,
      eal: optional(list('arguments for DPDK')),
      poll: optional(poll),
      cores: optional(list('cores, one per sending thread')),
      mainCore: optional(core),
      descriptors: optional(integer('a ring size from 32 to 4096', 32, 4096)),
      promiscuous: optional(flag),
      concurrency: optional(integer('a number of requests', 1, 0xffffffff)),
      anySource: optional(flag),
      connect: optional(positiveDuration),
      drain: optional(positiveDuration),
      clients: optional(integer('how many clients share the load', 1, 1024)),
      index: optional(integer('which of the clients this is, from 0', 0, 1023)),
    },
    value,
  );
  if (!fields) return undefined;
  const device = readDevice(fields.device, checker.at('device'), false);
  const address = readAddress(fields.address, checker.at('address'));
  const server = readAddress(fields.server, checker.at('server'), udpPort);
  const cores = fields.cores?.map((item, i) => checker.at('cores', i).value(core, item));
  const share = { clients: fields.clients ?? 1, index: fields.index ?? 0 };
  if (share.index >= share.clients) {
    checker.at('index').refuse(`expected a number below clients (${share.clients}), found ${share.index}`);
  }
  if (!device || !address || !server) return undefined;
  return {
    device,
    address,
    server,
    share,
    eal: (fields.eal ?? []).map(String),
    poll: fields.poll ?? 'spin',
    cores: cores?.filter((c) => c !== undefined) ?? [-1],
    ...(fields.mainCore !== undefined && { mainCore: fields.mainCore }),
    descriptors: fields.descriptors ?? DEFAULT_DESCRIPTORS,
    promiscuous: fields.promiscuous ?? false,
    ...(fields.concurrency !== undefined && { concurrency: fields.concurrency }),
    ...(fields.connect !== undefined && { connectNs: fields.connect }),
    ...(fields.anySource !== undefined && { anySource: fields.anySource }),
    drainNs: fields.drain ?? DEFAULT_DRAIN_NS,
  };
}

/** `pci: 0000:18:00.1`, `memif: /run/psp.sock` or `af_packet: veth1`. */
function readDevice(value: unknown, checker: Checker, listens: boolean): Device | undefined {
  const fields = checker.map({ pci: optional(pci), memif: optional(text), af_packet: optional(text) }, value);
  if (!fields) return undefined;
  const given = Object.entries(fields).filter(([, found]) => found !== undefined);
  if (given.length !== 1) return checker.refuse(`expected one of pci, memif, af_packet, found ${given.length} of them`);
  if (fields.pci !== undefined) return { kind: 'pci', address: fields.pci };
  if (fields.memif !== undefined) return { kind: 'memif', socket: fields.memif, listens };
  return { kind: 'af_packet', interface: fields.af_packet! };
}

function readAddress(value: unknown, checker: Checker, portField?: Field<number>): Address | undefined {
  const shape = { mac: optional(mac), ip };
  const fields = portField ? checker.map({ ...shape, port: optional(portField) }, value) : checker.map(shape, value);
  if (!fields) return undefined;
  const port = 'port' in fields ? (fields as { port?: number }).port : undefined;
  return {
    ...(fields.mac !== undefined && { mac: fields.mac }),
    ip: fields.ip,
    port: port ?? (portField ? DEFAULT_UDP_PORT : 0),
  };
}
