/** How long experts train: few rows make few steps, so that more passes over them are allowed. */
import type { ExpertPlan } from '../mixture/plan.js';

/** Below so many rows the epochs of a kind may be too few. */
const fewRows = 2000;
/** Steps that an expert should be able to take; early stopping still ends most before. */
const enoughSteps = 800;
const mostTimes = 50;
/** Looks at held-out rows in the time of one epoch of the kind; each opens a serving graph. */
const looks = 2;

/**
 * The expert with its epochs raised until `rows` make about 800 steps, and its patience in the same
 * proportion, where rows are fewer than 2,000 and the spec (`given`) sets no epochs.
 */
export function withSteps(
  expert: ExpertPlan,
  rows: number,
  given: { readonly epochs?: number | undefined; readonly patience?: number | undefined },
): ExpertPlan {
  if (rows >= fewRows || given.epochs !== undefined) return expert;
  const { schedule } = expert;
  const perEpoch = Math.max(1, Math.ceil(rows / schedule.batch));
  const times = Math.min(mostTimes, enoughSteps / (perEpoch * schedule.epochs));
  if (times <= 1) return expert;
  const epochs = Math.ceil(schedule.epochs * times);
  const patience = given.patience ?? Math.ceil(schedule.patience * times);
  const every = Math.max(1, Math.floor(times / looks));
  return { ...expert, schedule: { ...schedule, epochs, patience, every } };
}
