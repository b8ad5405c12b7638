import { judgeRecords } from '../judge/judge-records.js';
import { cpuMilliseconds } from './cpu.js';
import { median } from './rounds.js';
import type { Section } from './section.js';
import { StandingNetworks } from './standing-networks.js';

const TALK_TIMES = [1, 10] as const;
const WARM_UP = 60;
const MEASURED = 41;

/** CPU of one call, of its parts too, in milliseconds. */
interface CallCost {
  readonly call: number;
  readonly judging: number;
  readonly total: number;
  readonly messages: number;
  readonly packets: number;
}

/** A complete call between both networks, with speech both ways, recorded, written as pcapng, read back and judged. */
export async function completeCall(): Promise<Section> {
  const facts: string[] = [];
  const networks = await StandingNetworks.start();
  try {
    networks.takeRecords();
    for (const talkSeconds of TALK_TIMES) {
      for (let i = 0; i < WARM_UP; i += 1) await measured(networks, talkSeconds);
      const costs: CallCost[] = [];
      for (let i = 0; i < MEASURED; i += 1) costs.push(await measured(networks, talkSeconds));
      const of = (part: (cost: CallCost) => number): string => median(costs.map(part)).toFixed(1);
      facts.push(
        `${talkSeconds} s of talk: **${of((cost) => cost.total)} ms** of CPU, of which ${of((cost) => cost.call)} ms for the call itself and ` +
          `${of((cost) => cost.judging)} ms to write, read and judge its capture (${costs[0]?.messages} signalling messages, ` +
          `${costs[0]?.packets} media packets).`,
      );
    }
  } finally {
    await networks.stop();
  }
  return {
    title: 'A complete judged call',
    note:
      'Q3953-INT-01 between two registered telephones: set-up with preconditions over every function of both networks, speech both ways, ' +
      `release, the capture of it written, read back and judged. CPU of the whole process, garbage collection and compiler threads included; median of ${MEASURED} calls after ${WARM_UP} to warm up.`,
    tables: [],
    facts,
  };
}

async function measured(networks: StandingNetworks, talkSeconds: number): Promise<CallCost> {
  const begin = cpuMilliseconds();
  await networks.call(talkSeconds);
  const played = cpuMilliseconds();
  const records = networks.takeRecords();
  const { judgement } = judgeRecords(records, networks.profile);
  const judged = cpuMilliseconds();
  if (judgement.service !== 'pass') throw new Error(`the service verdict of a call is ${judgement.service}`);
  const packets = records.filter((record) => record.protocol === 'rtp' || record.protocol === 'rtcp').length;
  return {
    call: played - begin,
    judging: judged - played,
    total: judged - begin,
    messages: records.length - packets,
    packets,
  };
}
