import { type AvpInput, type AvpInputValue, assemble, avpOctets, encodeAvp } from './build.js';
import { avpByName } from './dictionary.js';
import type { Avp, DiameterFlags, DiameterMessage } from './message.js';

/** What becomes of one AVP: kept, left out, or replaced. */
export type AvpChange = (avp: Avp) => 'keep' | 'remove' | AvpInput;

/** Changes to a message; AVPs that are not touched keep code, flags and data exactly. */
export interface DiameterEdit {
  /** Replaces every AVP of the name by one at the place of the first, or appends it. */
  set(name: string, value: AvpInputValue): DiameterEdit;
  /** Appends an AVP. */
  append(avp: AvpInput): DiameterEdit;
  /** Puts an AVP in front of all others. */
  prepend(avp: AvpInput): DiameterEdit;
  remove(name: string): DiameterEdit;
  /** Applies a change at a path through groups: `at(['SIP-Auth-Data-Item', 'Integrity-Key'], () => 'remove')`. */
  at(path: readonly string[], change: AvpChange): DiameterEdit;
  header(fields: HeaderChange): DiameterEdit;
  done(): DiameterMessage;
}

export interface HeaderChange {
  readonly flags?: Partial<DiameterFlags>;
  readonly commandCode?: number;
  readonly applicationId?: number;
  readonly hopByHop?: number;
  readonly endToEnd?: number;
}

/** Starts a change of a message. Throws TypeError on names that the dictionary does not have. */
export function editDiameter(message: DiameterMessage): DiameterEdit {
  let header = {
    flags: message.flags,
    commandCode: message.commandCode,
    applicationId: message.applicationId,
    hopByHop: message.hopByHop,
    endToEnd: message.endToEnd,
  };
  let current = message;
  const rebuild = (avps: readonly Uint8Array[]): DiameterEdit => {
    current = assemble(header, avps);
    return edit;
  };
  const edit: DiameterEdit = {
    set(name, value) {
      const is = matcher(name);
      const first = current.avps.findIndex(is);
      const fresh = encodeAvp([name, value]);
      if (first < 0) return rebuild([...current.avps.map(avpOctets), fresh]);
      return rebuild(
        current.avps.flatMap((avp, index) => (index === first ? [fresh] : is(avp) ? [] : [avpOctets(avp)])),
      );
    },
    append: (avp) => rebuild([...current.avps.map(avpOctets), encodeAvp(avp)]),
    prepend: (avp) => rebuild([encodeAvp(avp), ...current.avps.map(avpOctets)]),
    remove(name) {
      const is = matcher(name);
      return rebuild(current.avps.filter((avp) => !is(avp)).map(avpOctets));
    },
    at: (path, change) => rebuild(changeAt(current.avps, path, change)),
    header(fields) {
      header = { ...header, ...fields, flags: { ...header.flags, ...fields.flags } };
      return rebuild(current.avps.map(avpOctets));
    },
    done: () => current,
  };
  return edit;
}

function matcher(name: string): (avp: Avp) => boolean {
  const definition = avpByName(name);
  if (definition === undefined) throw new TypeError(`no AVP ${name} in the dictionary`);
  return (avp) => avp.code === definition.code && avp.vendorId === definition.vendorId;
}

function changeAt(avps: readonly Avp[], path: readonly string[], change: AvpChange): readonly Uint8Array[] {
  const [name, ...rest] = path;
  if (name === undefined) return avps.map(avpOctets);
  const is = matcher(name);
  return avps.flatMap((avp) => {
    if (!is(avp)) return [avpOctets(avp)];
    if (rest.length > 0) return [avpOctets({ ...avp, data: Buffer.concat(changeAt(avp.avps, rest, change)) })];
    const outcome = change(avp);
    if (outcome === 'keep') return [avpOctets(avp)];
    return outcome === 'remove' ? [] : [encodeAvp(outcome)];
  });
}
