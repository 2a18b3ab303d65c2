import type { Html } from '#shared/html.ts';
import type { World } from './world.ts';

/** What a wing shows of itself on the page of the local account: the export `panel` of its scenario folder. */
export interface Panel {
  /** A heading in the words of the field: Fleet, Pipelines. */
  readonly title: string;
  /** Panels with a lower number come first. */
  readonly rank: number;
  /** What it holds fits into half of the column. */
  readonly isNarrow?: true;
  /** Reads the state of now. The world's calls are not recorded. */
  look(world: World): Promise<PanelView>;
  readonly actions: readonly Action[];
}

/** `quiet`: nothing to see. The others are what colours say too: in order, look at it, act. */
export type Tone = 'quiet' | 'good' | 'warn' | 'bad';

export interface PanelView {
  /** A few words next to the heading, such as `1 of 3 cordoned`. */
  readonly summary: string;
  readonly tone: Tone;
  readonly body: Html;
  /** When something happens by itself, so that the clock can be turned to it. */
  readonly deadlines?: readonly Deadline[];
}

export interface Deadline {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What happens then: `EC2 reclaims i-0123`. */
  readonly what: string;
}

/** Something that a person or AWS does, as a button. */
export interface Action {
  /** Unique in the wing; a word for addresses. */
  readonly name: string;
  readonly label: string;
  /** What will be seen, in one sentence. */
  readonly effect: string;
  /** The function that it reaches first. With it, faults can be tried. */
  readonly handledBy?: string;
  /** Shown in the panel only, with values of its own, not among the buttons for everybody. */
  readonly isInPanel?: true;
  /** Nothing need be delivered: the pack does this by itself while it runs, and `settle` does nothing. */
  run(world: World, value: string): Promise<void>;
}
