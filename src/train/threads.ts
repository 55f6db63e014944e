/** How many threads a training uses. */
import { cpus } from 'node:os';
import type { Plan } from '../mixture/plan.js';

/** Threads that the spec asks for, never more than there are cores. */
export function threadsOf(plan: Plan): number {
  return Math.min(plan.spec.training.threads, cpus().length);
}
