import type { AmrFrame } from '../../wire/rtp/amr.js';
import { parseSpeechFile } from '../../wire/rtp/storage.js';
import { SPEECH_DATA } from './speech-data.js';

/** Whose voice: the caller has the first, the called party the second. */
export type Speaker = keyof typeof SPEECH_DATA;
export type SpeechCodec = keyof (typeof SPEECH_DATA)['first'];

const decoded = new Map<string, readonly AmrFrame[]>();

/** Frames of 20 ms each, about ten seconds: AMR mode 7 (12.2 kbit/s) or AMR-WB mode 2 (12.65 kbit/s). */
export function speechFrames(speaker: Speaker, codec: SpeechCodec): readonly AmrFrame[] {
  const key = `${speaker} ${codec}`;
  let frames = decoded.get(key);
  if (frames === undefined) {
    frames = parseSpeechFile(Buffer.from(SPEECH_DATA[speaker][codec], 'base64')).frames;
    decoded.set(key, frames);
  }
  return frames;
}
