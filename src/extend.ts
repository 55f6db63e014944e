/** The types that a new kind implements: one file and one line in a registry. */
export type { Column, Port } from './core/column.js';
export type { Coder, Encoder } from './encoder/encoder.js';
export type { Expert, FrozenModel, Given, Model, Schedule } from './expert/expert.js';
export type { Experience, Gate, GateFacts, Grounded } from './gate/gate.js';
export type { Answer, Objective, Truth } from './objective/objective.js';
export type { Pool } from './objective/pool.js';
export type { Op, Tensor } from './tensor/tensor.js';
export type { Features, Learned, Trace } from './tensor/trace.js';
