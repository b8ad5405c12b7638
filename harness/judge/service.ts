import type { RuleContext } from './context.js';
import { finalResponse, type SipTransaction } from './correlation.js';
import { oneWayHops } from './one-way.js';
import { type LatticeVerdict, worse } from './verdict.js';

/** Timer B and Timer F are 64 × T1 (RFC 3261 §17.1): a request without final response longer than this has failed. */
const TRANSACTION_TIME_OUT_IN_T1 = 64;

/**
 * Did the sessions of a trace work end to end, as far as the trace alone tells? Every request was finally answered and
 * no network failure (5xx, 408) was among the answers. A trace without any session, or one that ends before the answer,
 * is `inconc`.
 */
export function serviceVerdict(context: RuleContext): LatticeVerdict {
  const { transactions, views } = context.sip;
  const last = views[views.length - 1]?.record.at ?? 0;
  const patience = context.profile.timers.T1 * 1000 * TRANSACTION_TIME_OUT_IN_T1;
  let verdict: LatticeVerdict = 'none';
  for (const transaction of transactions) {
    if (transaction.request === null || !['INVITE', 'REGISTER', 'BYE'].includes(transaction.method)) continue;
    const unheard = oneWayHops(context).has(transaction.hop) && transaction.responses.length === 0;
    verdict = worse(verdict, unheard ? 'inconc' : ofTransaction(transaction, last, patience));
  }
  return verdict === 'none' ? 'inconc' : verdict;
}

function ofTransaction(transaction: SipTransaction, last: number, patience: number): LatticeVerdict {
  const final = finalResponse(transaction);
  if (final !== null) return final.status >= 500 && final.status < 600 ? 'fail' : 'pass';
  const latest = transaction.responses[transaction.responses.length - 1] ?? transaction.request;
  if (latest === null) return 'inconc';
  const waited = last - latest.record.at;
  if (transaction.method === 'INVITE' && transaction.responses.length > 0) return 'inconc';
  return waited > patience ? 'fail' : 'inconc';
}
