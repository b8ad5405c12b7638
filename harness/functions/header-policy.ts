import { editSip, type SipEdit } from '../wire/sip/edit.js';
import { parsePrivacy } from '../wire/sip/headers.js';
import type { SipMessage } from '../wire/sip/message.js';

/** One line of a function's header table: what it takes out of a message that leaves for, or comes from, one side. */
export interface HeaderRow<Behaviour extends string = never> {
  readonly header: string;
  readonly clause: string;
  /** `untrusted`: only where the agreement has no trust for this header. */
  readonly when?: 'always' | 'untrusted';
  /** Only these messages; all without it. */
  readonly only?: (message: SipMessage) => boolean;
  /** Which values go, by their text; all without it. */
  readonly values?: (value: string) => boolean;
  /** A deviation that leaves the header in. */
  readonly unless?: Behaviour;
}

export interface PolicyView<Behaviour extends string> {
  /** Trust of RFC 3324 for this header, TS 29.165 §6.1.1.3.1. */
  trusts(header: string): boolean;
  readonly behaviours: ReadonlySet<Behaviour>;
}

/** The message without what the table's rows take out. */
export function screened<T extends SipMessage, Behaviour extends string>(
  message: T,
  rows: readonly HeaderRow<Behaviour>[],
  view: PolicyView<Behaviour>,
): T {
  let edit: SipEdit<T> | null = null;
  for (const row of rows) {
    if (!message.has(row.header)) continue;
    if (row.when === 'untrusted' && view.trusts(row.header)) continue;
    if (row.unless !== undefined && view.behaviours.has(row.unless)) continue;
    if (row.only && !row.only(message)) continue;
    edit ??= editSip(message);
    const { values } = row;
    if (values === undefined) edit.remove(row.header);
    else edit.mapValues(row.header, (value) => (values(value) ? null : value));
  }
  return edit === null ? message : edit.done();
}

/** Takes an option tag out of Require and its kin; a header left empty goes as a whole (TS 24.228 R1-1c). */
export function withoutOptionTag<T extends SipMessage>(message: T, tag: string, headers: readonly string[]): T {
  let result = message;
  for (const header of headers) {
    const values = result.all(header);
    const kept = values.filter((value) => value.toLowerCase() !== tag && value !== '');
    if (kept.length === values.length) continue;
    const edit = editSip(result);
    result = (kept.length === 0 ? edit.remove(header) : edit.setAll(header, kept)).done();
  }
  return result;
}

/** The priv-values of the message, lower case. */
export function privacyOf(message: SipMessage): readonly string[] {
  return message.fields('Privacy').flatMap((field) => parsePrivacy(field.value) ?? []);
}
