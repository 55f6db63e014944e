/** The tasks of the quality table, and what one training of a task leaves behind. */

export interface Task {
  /** Names the results, and the spec `bench/quality/FILE.yaml` where none is named. */
  readonly file: string;
  readonly spec?: string;
  readonly title: string;
  readonly metric: string;
  /** What the notes ask for, where they do. */
  readonly wanted?: number;
  /** Test folds; each is trained with every seed. */
  readonly folds: readonly number[];
  /** A SQL condition: of the test rows only these are scored. */
  readonly only?: string;
  /** Further names under which some of the test rows are scored, by the same trainings. */
  readonly parts?: readonly Required<Pick<Task, 'file' | 'title' | 'only' | 'wanted'>>[];
  /** The linear peer runs on the same rows. */
  readonly peer?: boolean;
}

export interface Run {
  readonly seed: number;
  readonly fold: number;
  /** Kind of gate and pool that training chose. */
  readonly gate: string;
  readonly rows: number;
  readonly mixture: number;
  readonly ensemble: number;
  readonly ensembleExperts: number;
  readonly expertsPerRecord: number;
  readonly experts: Readonly<Record<string, { readonly share: number; readonly score: number }>>;
  readonly controls: Readonly<Record<string, number>>;
  /** Mean log loss of the mixture and of every control, where the objective has one. */
  readonly logLoss?: { readonly mixture: number; readonly controls: Run['controls'] };
  readonly peer?: number;
}

/** The task, and what is scored with it. */
export function partsOf(task: Task): Task[] {
  return [task, ...(task.parts ?? []).map((part) => ({ ...task, ...part }))];
}

export const tasks: readonly Task[] = [
  {
    file: 'packages',
    title: 'packages',
    metric: 'accuracy',
    wanted: 0.848,
    folds: [0],
    peer: true,
  },
  {
    file: 'hidden',
    title: 'packages, sources hidden',
    metric: 'accuracy',
    wanted: 0.778,
    folds: [0],
  },
  { file: 'spam', title: 'spam', metric: 'accuracy', wanted: 0.987, folds: [0, 1, 2, 3, 4] },
  { file: 'diamonds', title: 'diamonds, cut', metric: 'accuracy', wanted: 0.795, folds: [0] },
  { file: 'mnist', title: 'mnist10k', metric: 'accuracy', wanted: 0.98, folds: [0] },
  {
    file: 'emoji',
    title: 'emoji, image and text',
    metric: 'accuracy',
    wanted: 0.88,
    folds: [0, 1, 2, 3, 4],
    parts: [
      {
        file: 'emoji-plain',
        title: 'emoji without skin variants',
        only: 'skin IS NULL',
        wanted: 0.78,
      },
    ],
  },
  { file: 'flights', title: 'flights', metric: 'auc', wanted: 0.68, folds: [0] },
  {
    file: 'sensor',
    title: 'sensor, mote 1 left out',
    metric: 'averagePrecision',
    wanted: 0.96,
    folds: [3],
  },
  {
    file: 'sensor-4',
    spec: 'sensor',
    title: 'sensor, mote 4 left out',
    metric: 'averagePrecision',
    wanted: 0.93,
    folds: [7],
  },
  {
    file: 'window',
    title: 'sensor windows',
    metric: 'averagePrecision',
    folds: [2],
  },
  { file: 'logs', title: 'service logs', metric: 'accuracy', wanted: 0.97, folds: [0] },
  { file: 'diamonds-price', title: 'diamonds, price', metric: 'r2', wanted: 0.98, folds: [0] },
  {
    file: 'diamonds-log-price',
    title: 'diamonds, log price',
    metric: 'r2',
    wanted: 0.991,
    folds: [0],
  },
  { file: 'superstore', title: 'superstore', metric: 'auc', wanted: 0.994, folds: [0] },
];
