import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DEFAULT_CASE_OPTIONS } from '../catalogue/case-options.js';
import { allCases } from '../catalogue/catalogue.js';
import { packageRoot } from '../catalogue/package-root.js';
import { NetError } from '../net/net-error.js';
import { openUdp } from '../net/udp.js';
import { type InterconnectPlan, interconnectPlan } from '../networks/topology.js';
import { BrokenLink } from './broken-link.js';
import { DOCTOR_BLOCK, environmentOf, networksAnswer } from './doctor-probe.js';
import { loadProfile } from './profile-file.js';
import type { Terminal } from './terminal.js';

/** A link of the chain that a run hangs on. */
export interface Check {
  readonly name: string;
  /** What it found, in a few words. Throws a `BrokenLink` where the link is broken. */
  run(): Promise<string>;
}

const NODE_NEEDED = [20, 19] as const;

/** The checks in order; each stands on those before it. */
export function checksFor(profileFile: string | null, terminal: Terminal): readonly Check[] {
  const plan = interconnectPlan({ block: DOCTOR_BLOCK, ...DEFAULT_CASE_OPTIONS });
  return [
    { name: 'Node', run: nodeVersion },
    { name: 'package', run: packageComplete },
    { name: 'file system', run: () => writable(terminal.folder) },
    ...(profileFile === null ? [] : [{ name: 'profile', run: () => profileReads(profileFile) }]),
    { name: 'loopback', run: () => bindable('127.0.0.2', 0) },
    { name: 'ports', run: () => portsFree(plan) },
    { name: 'networks', run: () => networksAnswer(plan) },
  ];
}

async function nodeVersion(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [neededMajor, neededMinor] = NODE_NEEDED;
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return process.versions.node;
  throw new BrokenLink(
    `this is Node ${process.versions.node}`,
    `install Node ${NODE_NEEDED.join('.')} or later: https://nodejs.org`,
    'whoever looks after this machine',
  );
}

async function packageComplete(): Promise<string> {
  const built = import.meta.filename.endsWith('.js');
  const root = packageRoot();
  const needed = [
    built ? join(root, 'dist', 'playwright.config.js') : join(root, 'playwright.config.ts'),
    join(root, 'reports', 'page', 'report-page.js'),
  ];
  for (const file of needed) {
    if (!existsSync(file)) throw new BrokenLink(`${file} is missing`, "'npm ci' and 'npm run build' make it", 'you');
  }
  try {
    createRequire(import.meta.url).resolve('@playwright/test/cli');
  } catch {
    throw new BrokenLink('@playwright/test is not installed', "'npm ci' installs it", 'you');
  }
  return `${root}, ${allCases().length} cases in the catalogue`;
}

async function writable(folder: string): Promise<string> {
  for (const place of [folder, tmpdir()]) {
    try {
      const scratch = mkdtempSync(join(place, '.q3953-'));
      writeFileSync(join(scratch, 'probe'), 'probe');
      rmSync(scratch, { recursive: true });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new BrokenLink(`cannot write in ${place} (${code})`, 'run in a folder of your own, with space left', 'you');
    }
  }
  return `reports can be written in ${folder}`;
}

async function profileReads(file: string): Promise<string> {
  try {
    const profile = await loadProfile(file);
    return `${file}, ${profile.operators.length} operators, ${profile.nodes.length} nodes, under test: ${profile.sut.join(', ')}`;
  } catch (error) {
    throw new BrokenLink(messageOf(error), 'mend the line that is named', 'whoever wrote the profile');
  }
}

/** Opens UDP and TCP at an address and closes them again. */
async function bindable(address: string, port: number): Promise<string> {
  try {
    const socket = await openUdp({
      environment: environmentOf(),
      node: 'doctor',
      address,
      port,
      protocol: 'sip',
      onDatagram: () => undefined,
    });
    await socket.close();
    await new Promise<void>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve()));
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN';
    const end = { address, port };
    const told = error instanceof NetError ? error : new NetError(code, end, 'doctor cannot open a TCP socket');
    throw new BrokenLink(
      `cannot open ${address} port ${port} (${code})`,
      told.hint,
      'whoever looks after this machine',
    );
  }
  return `${address} can be used`;
}

async function portsFree(plan: InterconnectPlan): Promise<string> {
  const nodes = [plan.homeA, plan.homeB].flatMap((operator) => Object.values(operator.functions));
  for (const { node, addresses } of nodes) {
    const port =
      node.role === 'hss' || node.role === 'pcrf'
        ? addresses.diameter
        : node.role === 'enum-server'
          ? addresses.dns
          : addresses.sip;
    if (node.role !== 'trgw') await bindable(addresses.address, port);
  }
  await bindable(plan.ipxDns.addresses.address, plan.ipxDns.addresses.dns);
  return 'SIP 5060, Diameter 3868 and DNS 10053 of the simulated networks are free';
}

/** What is good to have: told, never a broken link. */
export const OPTIONAL: readonly { readonly name: string; readonly gives: string; found(): Promise<string | null> }[] = [
  {
    name: 'IPv6 loopback',
    gives: 'the IPv6 variants of the cases; enable it with: sysctl net.ipv6.conf.lo.disable_ipv6=0',
    found: () =>
      bindable('::1', 0).then(
        () => '::1',
        () => null,
      ),
  },
  {
    name: 'browser',
    gives: 'the self-tests of the HTML report; get it with: apt-get install chromium, or set CHROMIUM',
    found: async () => onPath(['chromium', 'chromium-browser', 'google-chrome'], process.env['CHROMIUM']),
  },
  {
    name: 'tshark',
    gives: 'the cross-check of captures and the benchmark beside it; get it with: apt-get install tshark',
    found: async () => onPath(['tshark']),
  },
  {
    name: 'container engine',
    gives: 'the containers tier; get it from https://docs.docker.com/engine/install or https://podman.io',
    found: async () => onPath(['docker', 'podman']),
  },
];

function onPath(names: readonly string[], given?: string): string | null {
  if (given !== undefined && existsSync(given)) return given;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
