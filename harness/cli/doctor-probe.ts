import { createEnvironment, type NetEnvironment } from '../net/environment.js';
import { NetError } from '../net/net-error.js';
import { createResolver } from '../net/resolver.js';
import { createSipStack } from '../net/sip-endpoint.js';
import { createInterconnect } from '../networks/embedded/interconnect.js';
import type { InterconnectPlan } from '../networks/topology.js';
import { buildRequest } from '../wire/sip/build.js';
import { parseUri } from '../wire/sip/uri.js';
import { BrokenLink } from './broken-link.js';

/** Address block of the doctor's own networks: above those that beds take, and not that of another doctor at the same time. */
export const DOCTOR_BLOCK = 200 + (process.pid % 50);
const ANSWER_MS = 5000;
/** The environment of sockets that nobody records. */
export function environmentOf(): NetEnvironment {
  return createEnvironment({ clock: 'real', seed: 'doctor', tap: { record: () => undefined } });
}

/** Stands both home networks and the IPX up, finds the border of home-b through the DNS, and asks it with OPTIONS. */
export async function networksAnswer(plan: InterconnectPlan): Promise<string> {
  const environment = environmentOf();
  const interconnect = createInterconnect({ plan, environment });
  const { addresses } = plan.ipxDns;
  const nameServers = [{ address: addresses.address, port: addresses.dns }];
  const { domain } = plan.homeB.profile;
  const target = `sip:${domain}`;
  const own = `127.${DOCTOR_BLOCK}.8.1`;
  try {
    await interconnect.start();
  } catch (error) {
    await interconnect.stop();
    throw new BrokenLink(
      messageOf(error),
      error instanceof NetError ? error.hint : 'see the message',
      'whoever looks after this machine',
    );
  }
  try {
    const uri = parseUri(target);
    const resolver = createResolver({ environment, node: 'doctor', address: own, nameServers });
    const hops = await resolver.resolve(uri?.scheme === 'sip' ? uri : raise(`${target} is no SIP URI`));
    await resolver.close();
    const hop = hops[0] ?? raise(`the DNS of the IPX knows no way to ${domain}`);
    const started = performance.now();
    const status = await optionsProbe(environment, own, target, plan.homeB.functions.ibcf.host, nameServers);
    const took = Math.round(performance.now() - started);
    return `${domain} → ${hop.transport} ${hop.address}:${hop.port}, OPTIONS ${status} in ${took} ms`;
  } catch (error) {
    if (error instanceof BrokenLink) throw error;
    throw new BrokenLink(
      messageOf(error),
      'the simulated networks do not answer: please report it with this output',
      'q3953',
    );
  } finally {
    await interconnect.stop();
  }
}

async function optionsProbe(
  environment: NetEnvironment,
  own: string,
  target: string,
  host: string,
  nameServers: readonly { readonly address: string; readonly port: number }[],
): Promise<number> {
  const stack = createSipStack({
    node: 'doctor',
    sentBy: own,
    listen: [
      { transport: 'udp', address: own, port: 5060 },
      { transport: 'tcp', address: own, port: 5060 },
    ],
    environment,
    nameServers,
  });
  await stack.start();
  try {
    return await new Promise<number>((resolve, reject) => {
      const guard = setTimeout(() => reject(new Error(`no answer to OPTIONS within ${ANSWER_MS} ms`)), ANSWER_MS);
      const settle = (act: () => void): void => {
        clearTimeout(guard);
        act();
      };
      const request = buildRequest({
        method: 'OPTIONS',
        requestUri: `sip:${host}`,
        headers: [
          ['Max-Forwards', '70'],
          ['From', `<sip:doctor@${own}>;tag=doctor`],
          ['To', `<sip:${host}>`],
          ['Call-ID', `doctor@${own}`],
          ['CSeq', '1 OPTIONS'],
          ['Contact', `<sip:doctor@${own}>`],
          ['Accept', 'application/sdp'],
        ],
      });
      stack.send(request, target, {
        response: (response) => {
          if (response.status >= 200) settle(() => resolve(response.status));
        },
        failed: (cause, detail) => settle(() => reject(new Error(`OPTIONS failed: ${cause}, ${detail}`))),
      });
    });
  } finally {
    await stack.stop();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function raise(text: string): never {
  throw new Error(text);
}
