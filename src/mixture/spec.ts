/** The spec: a whole experiment as one strict file, `monban.yaml`. */
import { z } from 'zod';

/** A number from 0 to 1, never a percentage. */
export const share = z.number().min(0).max(1).meta({ unit: 'share' });
const whole = z.int();
const name = z
  .string()
  .regex(/^[\p{L}\p{N}_][\p{L}\p{N}_ .-]*$/u, 'a name of letters, digits, _ . -');

const split = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('hash'),
    key: z.string().min(1).describe('a column or a DuckDB expression; equal keys stay together'),
    folds: whole.min(2).max(1000).default(5).describe('rows fall into so many folds'),
    test: z
      .union([whole.min(0), z.array(whole.min(0)).min(1)])
      .default(0)
      .describe('the fold, or folds, kept for the test'),
  }),
  z.strictObject({
    by: z.literal('time'),
    column: z.string().min(1).describe('a column of dates, times or numbers'),
    from: z.string().optional().describe('test rows are those at or after this time'),
    share: share.optional().describe('or: the last so large a share of the rows'),
  }),
  z.strictObject({
    by: z.literal('group'),
    column: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe('rows that agree in it stay together'),
    share: share.default(0.2).describe('share of the groups kept for the test'),
    seed: whole.min(0).default(0).describe('another seed draws other groups'),
  }),
  z.strictObject({
    by: z.literal('condition'),
    test: z.string().min(1).describe('a DuckDB condition that holds for test rows'),
  }),
]);

const data = z.strictObject({
  source: z
    .union([
      z.string().min(1),
      z.array(z.string().min(1)).min(1),
      z.strictObject({ query: z.string().min(1) }),
    ])
    .describe('a file, a glob, a list of them, or { query: a DuckDB SELECT }'),
  target: z.string().min(1).describe('the column to predict'),
  split: split.optional().describe('which rows are kept for the test; all rows train without it'),
});

/** Options that every expert has, whatever its kind. */
export const scheduleOptions = z.strictObject({
  epochs: whole.min(1).max(10000).optional().describe('most passes over the rows'),
  batch: whole.min(1).max(65536).optional().describe('rows per step'),
  rate: z.number().positive().max(10).optional().describe('AdamW step size'),
  tableRate: z.number().positive().max(100).optional().describe('Adagrad step size of tables'),
  weightDecay: z.number().min(0).max(10).optional().describe('AdamW decay of weights'),
  smoothing: share.optional().describe('label smoothing'),
  patience: whole.min(1).max(1000).optional().describe('epochs without gain before stopping'),
});

const fieldShape = z.looseObject({
  kind: z.string().describe('see the kinds of fields'),
  column: z.string().min(1).optional().describe('column of the data, when it is named otherwise'),
});
const expertKeys = {
  kind: z.string().describe('see the kinds of experts'),
  reads: z.array(z.string()).min(1).optional().describe('fields it may read; all it can otherwise'),
  needs: z.enum(['any', 'all']).default('any').describe('which of its fields must be given'),
  clones: whole
    .min(1)
    .max(16)
    .default(1)
    .describe('copies that specialise in a joint phase, where check rows gain by it'),
  training: scheduleOptions.default({}).describe('its own schedule'),
};
const expertShape = z.looseObject(expertKeys);

const balance = z.strictObject({
  kind: z
    .enum(['none', 'auxiliary', 'bias'])
    .default('auxiliary')
    .describe('how the load is drawn to the targets'),
  weight: z.number().min(0).max(10).default(0.01).describe('auxiliary: weight of the loss'),
  rate: z.number().min(0).max(1).default(0.001).describe('bias: step per batch'),
  targets: z.record(z.string(), share).optional().describe('share of the load per expert'),
});

const gateKeys = {
  kind: z
    .string()
    .default('auto')
    .describe('see the kinds of gates; auto tries static, linear, mlp'),
  reads: z.array(z.string()).optional().describe('fields whose cheap ports it reads'),
  topK: z
    .union([z.literal('auto'), whole.min(1).max(64)])
    .default('auto')
    .describe('experts asked per record; auto tries 1 and 2'),
  pool: z
    .enum(['auto', 'product', 'mixture'])
    .default('auto')
    .describe('how answers are joined: by multiplying or by averaging probabilities'),
  shared: z
    .string()
    .optional()
    .describe('an expert that runs on every record; others are asked where they gain'),
  cost: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('lambda: worth of one mean expert in score; 0.02, or chosen with a shared expert'),
  tolerance: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('what the chosen lambda may cost in accuracy or R2 on check rows; 0.001'),
  balance: balance.prefault({}).describe('of the load among experts'),
  zLoss: z.number().min(0).max(1).default(0.001).describe('keeps the scores small'),
  noise: z.number().min(0).max(10).default(0.1).describe('exploration in training'),
  expertDropout: share.default(0.1).describe('how often an expert is closed in training'),
  epochs: whole.min(1).max(1000).default(15).describe('passes over the held-out rows'),
  batch: whole.min(1).max(65536).default(256).describe('most rows per step'),
  rate: z.number().positive().max(1).default(0.002).describe('AdamW step size'),
};
const gate = z.looseObject(gateKeys);

const price = z.number();
const reward = z.strictObject({
  right: z
    .union([price, z.record(z.string(), price)])
    .default(1)
    .describe('value of a right answer, or one per label'),
  wrong: z
    .union([price, z.record(z.string(), z.union([price, z.record(z.string(), price)]))])
    .default(0)
    .describe('price of a mistake, per true label, or per true label and answer'),
  time: z.number().min(0).default(0).describe('price of a millisecond'),
  experts: z.record(z.string(), z.number().min(0)).default({}).describe('price of asking each'),
});

const hide = z.strictObject({
  rate: share.describe('how often each group is hidden'),
  groups: z.record(z.string(), z.array(z.string()).min(1)).describe('fields that vanish together'),
});

const joint = z.strictObject({
  keep: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe('clones: kept where check rows gain, kept in any case, or never trained'),
  rounds: whole.min(1).max(1000).default(20).describe('most rounds of clones and gate in turn'),
});

const training = z.strictObject({
  seed: whole.min(0).max(4294967295).default(0).describe('same seed, same bytes'),
  group: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('columns whose rows stay in one part'),
  hide: hide.optional().describe('fields hidden at random, so that missing sources are learned'),
  holdout: share.default(0.2).describe('share of the rows held out for the gate and for stopping'),
  folds: whole.min(2).max(20).default(5).describe('cross-fitting folds where rows are few'),
  crossFitBelow: whole.min(0).default(20000).describe('rows below which experts are cross-fitted'),
  memory: whole
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('megabytes for rows, 1024 where not given; more rows wait in a temporary file'),
  threads: whole.min(0).max(256).default(2).describe('worker threads; 0 trains in this thread'),
  joint: z
    .preprocess((value) => (typeof value === 'string' ? { keep: value } : value), joint)
    .prefault({})
    .describe('how clones of an expert learn together with a gate'),
  costs: z
    .enum(['counted', 'measured'])
    .default('counted')
    .describe('cost of an expert from its work, or from timings on this machine'),
});

const named = <T extends z.ZodType>(shape: T) =>
  z.preprocess((value) => (typeof value === 'string' ? { kind: value } : value), shape);

/** The strict schema; kinds' own options are checked by the kinds themselves. */
export const specSchema = z.strictObject({
  name: z.string().min(1).optional().describe('a name for the card'),
  data: data.describe('where the rows come from'),
  fields: z.record(name, named(fieldShape)).describe('what a record may carry: a name and a kind'),
  objective: named(z.looseObject({ kind: z.string() }))
    .default({ kind: 'classification' })
    .describe('what the target means'),
  experts: z.record(name, named(expertShape)).describe('who may be asked: a name and a kind'),
  gate: named(gate).prefault({}).describe('who chooses, and how'),
  reward: reward.optional().describe('what answers are worth; likelihood decides without it'),
  training: training.prefault({}).describe('what all phases share'),
});

/** A spec as a user writes it. */
export type SpecInput = z.input<typeof specSchema>;
/** A spec with every default filled in. */
export type Spec = z.output<typeof specSchema>;
export type FieldSpec = z.output<typeof fieldShape>;
export type ExpertSpec = z.output<z.ZodObject<typeof expertKeys>>;
export type GateSpec = z.output<z.ZodObject<typeof gateKeys>>;
export type BalanceSpec = z.output<typeof balance>;
export type RewardSpec = z.output<typeof reward>;
export type HideSpec = z.output<typeof hide>;
