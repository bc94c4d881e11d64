/**
 * A module resolution hook for TF.js: its ES modules import each other without a file extension,
 * which bundlers accept and Node does not.
 */
import type { ResolveHook } from 'node:module';

export const resolve: ResolveHook = (specifier, context, nextResolve) =>
  specifier.startsWith('.') &&
  !specifier.endsWith('.js') &&
  context.parentURL?.includes('/@tensorflow/tfjs-core/dist/') === true
    ? nextResolve(`${specifier}.js`, context)
    : nextResolve(specifier, context);
