/**
 * TF.js on the CPU, with its own gradients, from its two smallest packages.
 *
 * `tfjs-core` as Node loads it registers no gradient at all: that is left to the 270 MB umbrella
 * package. The registrations are in `tfjs-core` too, as ES modules; TF.js keeps its registry on the
 * global object, so loading those modules beside the CommonJS build completes it.
 */
import { register } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';

let loaded: Promise<typeof tf> | null = null;

/** TF.js, ready for gradients on the CPU backend. Loads once. */
export function loadTfjs(): Promise<typeof tf> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<typeof tf> {
  // Keeps the advertisement for the native backend out of the output; changes no number.
  tf.env().set('IS_TEST', true);
  register('./tfjs-resolve.js', import.meta.url);
  await import('@tensorflow/tfjs-backend-cpu');
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  await tf.setBackend('cpu');
  return tf;
}
