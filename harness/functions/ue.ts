import { createSipStack } from '../net/sip-endpoint.js';
import type { ListenPoint, ServerTransaction, SipStack } from '../net/sip-stack.js';
import { buildResponse } from '../wire/sip/build.js';
import type { SipRequest } from '../wire/sip/message.js';
import type { Call } from './call.js';
import { unknownOptions } from './call-message.js';
import { type CallOptions, CallOrigination } from './call-origination.js';
import { CallTermination } from './call-termination.js';
import { MediaPorts } from './media-ports.js';
import type { NetworkFunction } from './network-function.js';
import { Registration } from './registration.js';
import { RegistrationEvent } from './registration-event.js';
import { UeAgent } from './ue-agent.js';
import { tagOf } from './ue-dialog.js';
import { Progress, UeError } from './ue-progress.js';
import { GM_TIMERS, UE_METHODS, type UeSetup } from './ue-setup.js';

const GUARD = 40_000;
const REMEMBERED = 4;
/** How long the NOTIFY that ends a subscription may take behind the de-registration: 64·T1 of the core. */
const LAST_NOTIFY = 32_000;

/** User equipment of TS 24.229 §5.1 and GSMA IR.92: registers, makes and takes voice calls. Its API reads as a ladder. */
export class Ue implements NetworkFunction {
  readonly node;
  readonly registration: Registration;
  readonly subscription: RegistrationEvent;
  readonly #setup: UeSetup;
  readonly #stack: SipStack;
  readonly #agent: UeAgent;
  readonly #ports: MediaPorts;
  readonly #progress: Progress;
  readonly #calls = new Set<Call>();
  readonly #incoming: CallTermination[] = [];
  /** INVITEs whose media ports are being opened, by Call-ID and From tag. */
  readonly #taking = new Set<string>();
  #refusesWith: number | null = null;

  constructor(setup: UeSetup) {
    const { node, environment, gm } = setup;
    this.node = node;
    this.#setup = setup;
    this.#stack = createSipStack({
      node: node.name,
      sentBy: gm.address,
      listen: listenPoints(setup),
      environment,
      timers: setup.timers ?? GM_TIMERS,
      ...(gm.client === undefined ? {} : { localPorts: gm.client }),
      onTrouble: (text, whose) => (whose === 'own' ? this.#agent.problems.push(text) : environment.onWarning?.(text)),
    });
    this.#ports = new MediaPorts(environment, node.name, { address: gm.address, ports: gm.media });
    this.#progress = new Progress(node.name, environment.clock, setup.guard ?? GUARD);
    this.#agent = new UeAgent(setup, this.#stack, this.#progress);
    this.registration = new Registration(this.#agent);
    this.subscription = new RegistrationEvent(this.#agent, this.registration);
    this.#stack.onRequest((transaction) => this.#arrived(transaction));
    this.#stack.onAck((ack) => this.#callOf(ack)?.acked(ack));
    this.#stack.onStrayResponse((response) => {
      for (const call of this.#calls) if (call instanceof CallOrigination && call.stray(response)) return;
    });
  }

  /** Global number of the subscriber. */
  get number(): string {
    return this.#setup.subscriber.number;
  }

  get identities(): readonly string[] {
    return this.#setup.subscriber.impus;
  }

  /** What this party has seen, one entry an event: for messages and logs, never for verdicts. */
  get seen(): readonly string[] {
    return this.#progress.seen;
  }

  /** Waits until this party sees that event once more (an entry of `seen`). */
  sees(event: string): Promise<void> {
    return this.#progress.next(event);
  }

  async start(): Promise<void> {
    await this.#stack.start();
  }

  async stop(): Promise<void> {
    this.registration.stop();
    this.subscription.stop();
    for (const call of this.#calls) call.abandon();
    await Promise.all([...this.#calls].map((call) => call.closed));
    await this.#stack.stop();
  }

  leftovers(): readonly string[] {
    const { name } = this.#agent;
    const left = [...this.#agent.problems];
    for (const call of this.#calls)
      if (call.state !== 'ended') left.push(`${name}: call ${call.callId} is ${call.state}`);
    const open = this.#ports.open - [...this.#calls].filter(({ isClosing }) => isClosing).length;
    if (open > 0) left.push(`${name}: ${open} pairs of media ports are open`);
    if (this.subscription.active && this.registration.state === 'not registered') {
      left.push(`${name}: the subscription to its registration has not ended`);
    }
    return left;
  }

  /** Registers (TS 24.229 §5.1.1.2), subscribes to its registration (§5.1.1.3) and waits for the first NOTIFY. */
  async registers(): Promise<void> {
    await this.registration.register();
    if (!this.#agent.behaviours.has('no-reg-event')) await this.subscription.subscribe();
  }

  /** Tries to register and resolves with the final status, whatever it is. */
  async triesToRegister(): Promise<number> {
    try {
      await this.registers();
      return 200;
    } catch (error) {
      if (error instanceof UeError && error.status !== null) return error.status;
      throw error;
    }
  }

  /** Waits for the re-registration that falls due by itself, TS 24.229 §5.1.1.4.1. */
  async reregisters(): Promise<void> {
    const { registration } = this;
    if (registration.state !== 'registered') throw new UeError(`${this.#agent.name} is ${registration.state}`);
    const before = registration.refreshes;
    const guard = registration.untilRefresh + (this.#setup.guard ?? GUARD);
    await this.#progress.until(
      'its re-registration',
      () => (registration.refreshes > before ? true : undefined),
      guard,
    );
  }

  /** De-registers (TS 24.229 §5.1.1.6) and sees its subscription end. */
  async deregisters(): Promise<void> {
    await this.registration.deregister();
    if (!this.subscription.active) return;
    // Whether that NOTIFY comes is for the judge to say; a subscription that stays is told as a leftover.
    const ended = () => (this.subscription.active ? undefined : true);
    await this.#progress.until('the last NOTIFY', ended, LAST_NOTIFY).catch((error: unknown) => {
      if (!(error instanceof UeError)) throw error;
    });
  }

  /**
   * Calls a number (`+…`) or a URI. Resolves with the first response beyond 100, whatever it is; how the call goes on (`alerts`,
   * `answered`, `cancels`, `ended`) is asked of the call.
   */
  async calls(target: string, options: CallOptions = {}): Promise<CallOrigination> {
    const call = await CallOrigination.place(this.#agent, this.#ports, this.#uriOf(target), options);
    this.#keep(call);
    await this.#progress.until('a response to its INVITE', () => (call.state === 'proceeding' ? undefined : true));
    return call;
  }

  /** The next call that comes in and alerts the user. */
  async rings(): Promise<CallTermination> {
    const call = await this.receives();
    return call.rings();
  }

  /** The next call that comes in, as soon as it does. */
  receives(): Promise<CallTermination> {
    return this.#progress.until('a call', () => {
      while (this.#incoming[0]?.state === 'ended') this.#incoming.shift();
      return this.#incoming.shift();
    });
  }

  /** Takes the next call: alerting, 200 and ACK. */
  async answers(): Promise<CallTermination> {
    const call = await this.rings();
    return call.answers();
  }

  /** From now on refuses calls with this status (486 busy, 603 decline …); null takes them again. */
  refusesCalls(status: number | null = 486): void {
    this.#refusesWith = status;
  }

  /** TS 24.229 §5.1.2A.1.3: a number is dialled as tel URI, or as SIP URI of the home domain. */
  #uriOf(target: string): string {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return target;
    const local = target.startsWith('+') ? '' : `;phone-context=${this.#setup.domain}`;
    if ((this.#setup.dialsWith ?? 'tel') === 'tel') return `tel:${target}${local}`;
    return `sip:${target}${local}@${this.#setup.domain};user=phone`;
  }

  /** Remembers a call; of those that have ended only the last few, which may still get repeated responses. */
  #keep(call: Call): void {
    this.#calls.add(call);
    const over = [...this.#calls].filter(({ state }) => state === 'ended');
    for (const old of over.slice(0, -REMEMBERED)) this.#calls.delete(old);
  }

  #callOf(request: SipRequest): Call | undefined {
    for (const call of this.#calls) if (call.claims(request)) return call;
    return undefined;
  }

  #arrived(transaction: ServerTransaction): void {
    const { request } = transaction;
    const reply = (status: number, headers: readonly (readonly [string, string])[] = []) =>
      transaction.respond(
        buildResponse(request, status, {
          toTag: this.#agent.newTag(),
          headers: [this.#agent.accessNetworkInfo, ...headers],
        }),
      );
    const call = this.#callOf(request);
    if (call !== undefined) call.handle(transaction);
    else if (this.subscription.claims(request)) this.subscription.notified(transaction);
    else if (tagOf(request.get('To') ?? '') !== '' || request.method === 'NOTIFY') reply(481);
    else if (request.method === 'INVITE') this.#invited(transaction, reply);
    else if (!UE_METHODS.split(', ').includes(request.method) && request.method !== 'MESSAGE')
      reply(405, [['Allow', UE_METHODS]]);
    else if (unknownOptions(request).length > 0) reply(420, [['Unsupported', unknownOptions(request).join(', ')]]);
    else if (request.method === 'OPTIONS' || request.method === 'MESSAGE') reply(200, [['Allow', UE_METHODS]]);
    else reply(481);
  }

  #invited(transaction: ServerTransaction, reply: (status: number) => void): void {
    const { request } = transaction;
    this.#progress.saw('INVITE received');
    const merged = `${request.get('Call-ID')} ${tagOf(request.get('From') ?? '')}`;
    const live = [...this.#calls].filter((call) => call.state !== 'ended');
    const twice = live.some((call) => call instanceof CallTermination && call.isOf(merged));
    const busy = live.length > 0 || this.#taking.size > 0;
    const refusal = this.#taking.has(merged) || twice ? 482 : (this.#refusesWith ?? (busy ? 486 : null));
    if (refusal !== null) {
      reply(refusal);
      return;
    }
    this.#taking.add(merged);
    this.#agent.background(this.#take(transaction).finally(() => this.#taking.delete(merged)));
  }

  async #take(transaction: ServerTransaction): Promise<void> {
    const call = await CallTermination.take(this.#agent, this.#ports, transaction);
    if (call === null) return;
    this.#keep(call);
    this.#incoming.push(call);
    call.proceed();
    this.#progress.saw('call taken');
  }
}

/** The unprotected port, and both protected ones; UDP and TCP each. */
function listenPoints({ gm, securityAgreement }: UeSetup): readonly ListenPoint[] {
  const ports = securityAgreement === false ? [gm.sip] : [gm.sip, gm.protectedServer, gm.protectedClient];
  return ports.flatMap((port) =>
    (['udp', 'tcp'] as const).map((transport) => ({ transport, address: gm.address, port })),
  );
}
