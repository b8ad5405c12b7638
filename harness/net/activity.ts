/**
 * Counts what is under way (datagrams and stream octets between our own sockets, connects, handshakes, look-ups), so that the
 * skipping clock knows when nothing is. A token that is never ended is given up after a real-time guard, and told.
 */
export interface Activity {
  /** Something is under way until `end` of the returned token is called; `what` names it in the guard's message. */
  begin(what: string): ActivityToken;
  readonly pending: number;
}

export interface ActivityToken {
  end(): void;
}
