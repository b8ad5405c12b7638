import { captureFromTap } from '../evidence/capture-from-tap.js';
import type { TapRecord } from '../net/tap.js';
import type { Profile } from '../profile/profile.js';
import { StandingNetworks } from './standing-networks.js';

/** A capture to judge, and what is in it. */
export interface JudgeLoad {
  readonly capture: Uint8Array;
  readonly profile: Profile;
  readonly sipMessages: number;
  readonly messages: number;
  readonly calls: number;
}

/**
 * Call after call over every reference point, played by the simulated networks, so that each has its own Call-IDs, tags, ICIDs,
 * branches and media ports; as many as `sipMessages` take. Media is left out: it is no signalling message.
 */
export async function playLoad(sipMessages: number): Promise<JudgeLoad> {
  const networks = await StandingNetworks.start();
  try {
    const records: TapRecord[] = [];
    let calls = 0;
    let sip = 0;
    while (sip < sipMessages) {
      await networks.call(0.2);
      calls += 1;
      for (const record of networks.takeRecords()) {
        if (record.protocol === 'rtp' || record.protocol === 'rtcp') continue;
        records.push(record);
        if (record.protocol === 'sip') sip += 1;
      }
    }
    const { profile } = networks;
    return {
      capture: captureFromTap(records, { profile }),
      profile,
      sipMessages: sip,
      messages: records.length,
      calls,
    };
  } finally {
    await networks.stop();
  }
}
