import type { Role } from '../../profile/role.js';

interface Vote {
  weight: number;
  reason: string;
}

/** What speaks for what a node is: votes with their reasons, so that every inference can be told and contradictions cancel out. */
export class NodeFacts {
  /** Host names under which messages name it. */
  readonly hosts = new Set<string>();
  private readonly roles = new Map<Role, Vote>();
  private readonly networks = new Map<string, Vote>();

  constructor(readonly key: string) {}

  /** `weight`: 6 only this role does that, 4 the role's habit, 2 a hint. The same reason counts once. */
  voteRole(role: Role, weight: number, reason: string): void {
    vote(this.roles, role, weight, reason);
  }

  voteNetwork(network: string, weight: number, reason: string): void {
    vote(this.networks, network, weight, reason);
  }

  /** The role that most speaks for; null where nothing does, or as much for another. */
  get role(): { readonly value: Role; readonly reason: string } | null {
    return winner(this.roles);
  }

  get network(): { readonly value: string; readonly reason: string } | null {
    return winner(this.networks);
  }
}

function vote<T>(votes: Map<T, Vote>, value: T, weight: number, reason: string): void {
  const known = votes.get(value);
  if (!known) votes.set(value, { weight, reason });
  else if (weight > known.weight) Object.assign(known, { weight, reason });
}

function winner<T>(votes: ReadonlyMap<T, Vote>): { readonly value: T; readonly reason: string } | null {
  const sorted = [...votes].sort(([, a], [, b]) => b.weight - a.weight);
  const [first, second] = sorted;
  if (!first || (second && second[1].weight === first[1].weight)) return null;
  return { value: first[0], reason: first[1].reason };
}

/** Facts of every node, made on first mention. */
export class FactBook {
  private readonly book = new Map<string, NodeFacts>();

  of(key: string): NodeFacts {
    let facts = this.book.get(key);
    if (!facts) {
      facts = new NodeFacts(key);
      this.book.set(key, facts);
    }
    return facts;
  }

  all(): readonly NodeFacts[] {
    return [...this.book.values()];
  }
}
