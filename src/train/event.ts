/** What training tells while it runs; a progress line and tests read it. */

export type Phase = 'read' | 'encode' | 'experts' | 'gate' | 'joint' | 'finish';

export interface TrainEvent {
  readonly phase: Phase;
  /** Work done and work in all, in the phase's own unit. */
  readonly step: number;
  readonly total: number;
  /** The expert or gate being trained. */
  readonly who?: string;
  /** Held-out loss, in nats. */
  readonly loss?: number;
  /** Share of the load by expert, in the gate phase. */
  readonly loads?: Readonly<Record<string, number>>;
  /** Something worth keeping on the screen: an alarm, a choice, a warning. */
  readonly message?: string;
}

export type Listener = (event: TrainEvent) => void;
