import type { TapRecord } from './tap.js';

/**
 * A wire fault at work: sees what one of our sockets is about to send and says what is sent instead; an empty list drops it.
 * `node` is the sending network function's name (`ibcf.home-a`).
 */
export type Deviation = (outgoing: Omit<TapRecord, 'at'> & { readonly node: string }) => readonly Uint8Array[];
