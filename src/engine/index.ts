/** The engine's only door. See README.md beside this file for notation and reading order. */
export { examineAnalytic, type AnalyticExamination } from './analytic/examine.js';
export { decisionsOf, type AnalyticVerdict } from './analytic/verdict.js';
export type { Differentiated } from './ad/forward.js';
export { forwardMode } from './ad/forward.js';
export {
  PROXY_PRESETS,
  TYING_LAYERS,
  presetOf,
  proxiesOf,
  proxiesOfKinks,
  type ProxyDescription,
  type ProxyPreset,
} from './ad/proxies.js';
export { reverseMode } from './ad/reverse.js';
export {
  TIE_RULES,
  isTieRule,
  layersOutsideClarke,
  sharesOf,
  tieRuleNameOf,
  type TieRuleName,
} from './ad/ties.js';
export type { Proxies } from './ad/rules.js';
export {
  candidatesOf,
  countingOf,
  operationsIn,
  secondsOf,
  type Candidate,
  type CountMethod,
  type Counting,
} from './count/counting.js';
export type { CountEstimate } from './count/layered/estimate.js';
export type { CountLimits } from './count/layered/meter.js';
export { Outgrown } from './count/layered/outgrown.js';
export { firstMoment, secondMomentLower, slackOf, type Slack } from './count/moments.js';
export {
  enumerationOf,
  evenedTally,
  type Enumeration,
  type EnumerationOptions,
} from './count/enumerate.js';
export { neuronsOf, spaceOf, type Neuron, type Space } from './count/space.js';
export { ENGINE_ERRORS, EngineError, type EngineErrorCode, type EngineFault } from './errors.js';
export { examine, type Examination } from './examine.js';
export { CATALOGUE } from './format/catalogue.js';
export { describeFormat, type FormatDescription } from './format/describe.js';
export type { ValueSet } from './format/domain.js';
export { neighbourhood } from './format/neighbourhood.js';
export {
  tieFinderOf,
  type DecidedSample,
  type FilterWork,
  type Point,
  type Tie,
  type TieFinder,
  type TieFinderOptions,
} from './filter/finder.js';
export { FORMAT_ERROR_CODES, FormatError, type FormatErrorCode } from './format/error.js';
export { resolveFormat, type FormatSpec, type ResolvedFormat } from './format/resolve.js';
export { ActivationError, activation, type Activation, type Kink } from './net/activation.js';
export { ACTIVATIONS, type ActivationKind } from './net/activations.js';
export {
  TRANSCENDENTAL_ACTIVATIONS,
  type TranscendentalActivation,
  type TranscendentalKind,
} from './net/transcendental.js';
export {
  buildNetwork,
  buildShapedNetwork,
  type DomainDescription,
  type EntryDescription,
  type LayerDescription,
  type NetworkDescription,
  type ShapedNetwork,
} from './net/build.js';
export {
  isPolynomial,
  spaceSize,
  type AnalyticNetwork,
  type Loss,
  type Network,
} from './net/ir.js';
export type { Source, TypedLayerDescription } from './net/layers/layer.js';
export type { Shape } from './net/shape.js';
export { fromDouble, log10Estimate, toDouble } from './num/float64.js';
export {
  ONE,
  ZERO,
  add,
  compare,
  equal,
  integer,
  isZero,
  rational,
  type Rational,
} from './num/rational.js';
export { enclosureOf, type Enclosure } from './num/enclosure.js';
export type { Real } from './num/real.js';
export { parseExact, toText } from './num/text.js';
export {
  SAMPLED_SETS,
  assess,
  isSettled,
  type Assessment,
  type SampledSet,
  type Scale,
  type SetEstimate,
  type StopRule,
  type Stopped,
} from './sample/assessment.js';
export { sampleCost } from './sample/cost.js';
export { SEED_MAX } from './sample/draws.js';
export type { SampleMethod } from './sample/estimator.js';
export {
  isCompiled,
  sampleMethodFor,
  samplingOf,
  whyNotSampled,
  type Sampling,
  type SamplingOptions,
} from './sample/sampling.js';
export { addSamples, type BatchSums, type SampleSums, type Sum } from './sample/sums.js';
export { emptyTally, mergeTallies, type NeuronTally, type Tally, type Witness } from './tally.js';
export { reportTheorems } from './theorem/report.js';
export type { Subject, TheoremReport } from './theorem/theorem.js';
export { judgeOf, type Decision, type RelevantTie, type Verdict } from './verdict.js';

/** Version of the engine; part of every plan, so that a new engine answers anew. */
export const ENGINE_VERSION = '0.4.0';
