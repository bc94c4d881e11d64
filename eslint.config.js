/**
 * typescript-eslint's strict, type-checked set, plus the house's own bans. Formatting is prettier's.
 * A rule that is off says why.
 */
import tseslint from 'typescript-eslint';

const NO_DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: 'Name what you export.',
};
const NOT_IN_ENGINE = [
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'The engine is deterministic: use the counter-based generator.',
  },
  { selector: "Identifier[name='Date']", message: 'The engine has no clock.' },
];
const NO_NUMBER_CALL = {
  selector: "CallExpression[callee.name='Number']",
  message: 'Number() rounds a BigInt silently: round in num/, where it is proved.',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.gradcert/', 'coverage/', 'test/vectors/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT],
      eqeqeq: 'error',
      // Counts, ranks and versions go into messages all the time; their text is exact.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Numeric kernels index typed arrays in bounds that a loop has just checked; tsc's
      // noUncheckedIndexedAccess makes every such place visible as a `!`.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `async` without `await` is how a function of an interface says it promises.
      '@typescript-eslint/require-await': 'off',
      // `() => assert.equal(a, b)` and `() => clearTimeout(t)` say what they do.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // It does not see what a closure assigns, nor that a caller's JSON may be of any type: every
      // finding so far was a check that is needed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // node:test registers by calling; what `test()` returns is the runner's business.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/engine/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT, ...NOT_IN_ENGINE, NO_NUMBER_CALL],
    },
  },
  {
    // Rounding is their work, or their numbers are small by construction (their headers say which).
    files: ['src/engine/num/**/*.ts', 'src/engine/**/kernel.ts'],
    rules: { 'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT, ...NOT_IN_ENGINE] },
  },
);
