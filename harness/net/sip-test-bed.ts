import { buildRequest } from '../wire/sip/build.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { createEnvironment, type NetEnvironment } from './environment.js';
import { createSipStack } from './sip-endpoint.js';
import type { ClientEvents, ListenPoint, SipStack, SipStackOptions, SipTransport } from './sip-stack.js';
import type { TapRecord } from './tap.js';

export interface Bed {
  readonly environment: NetEnvironment;
  readonly records: TapRecord[];
  readonly warnings: string[];
  readonly troubles: string[];
  stack(name: string, address: string, options?: Partial<SipStackOptions>): Promise<SipStack>;
  close(): Promise<void>;
}

export function bed(deviation?: NetEnvironment['deviation']): Bed {
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const troubles: string[] = [];
  const stacks: SipStack[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'endpoint',
    tap: { record: (record) => records.push(record) },
    onWarning: (text) => warnings.push(text),
    ...(deviation === undefined ? {} : { deviation }),
  });
  return {
    environment,
    records,
    warnings,
    troubles,
    stack: async (name, address, options = {}) => {
      const stack = createSipStack({
        node: name,
        sentBy: address,
        listen: points(address, 'udp', 'tcp'),
        environment,
        onTrouble: (text) => troubles.push(text),
        ...options,
      });
      await stack.start();
      stacks.push(stack);
      return stack;
    },
    close: async () => {
      await Promise.all(stacks.map((each) => each.stop()));
    },
  };
}

export function points(address: string, ...transports: readonly SipTransport[]): ListenPoint[] {
  return transports.map((transport) => ({ transport, address, port: 5060 }));
}

export function request(method: string, more: readonly (readonly [string, string])[] = [], body = ''): SipRequest {
  return buildRequest({
    method,
    requestUri: 'sip:bob@b.example',
    headers: [
      ['Max-Forwards', '70'],
      ['From', '<sip:alice@a.example>;tag=a1'],
      ['To', '<sip:bob@b.example>'],
      ['Call-ID', `${method}@a.example`],
      ['CSeq', `1 ${method}`],
      ...more,
    ],
    body,
  });
}

export interface Outcome {
  readonly statuses: number[];
  readonly responses: SipResponse[];
  readonly failures: string[];
  readonly events: ClientEvents;
}

export function outcome(): Outcome {
  const responses: SipResponse[] = [];
  const statuses: number[] = [];
  const failures: string[] = [];
  return {
    statuses,
    responses,
    failures,
    events: {
      response: (response) => {
        responses.push(response);
        statuses.push(response.status);
      },
      failed: (cause, detail) => failures.push(`${cause}: ${detail}`),
    },
  };
}

export const firstLine = (octets: Uint8Array) => Buffer.from(octets).toString('utf8').split('\r\n', 1)[0] ?? '';
export const lines = (records: readonly TapRecord[]) => records.map((record) => firstLine(record.octets));
