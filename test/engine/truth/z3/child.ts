/**
 * z3 in a process of its own: one SMT-LIB script per message, each in a fresh context. The parent kills
 * this process when an answer does not come.
 *
 * The script is handed over by `solver_from_string`, which reads it before it returns.
 * `eval_smtlib2_string` reads it on another thread, after its memory may have been used again: it was
 * seen to answer of scripts that nobody wrote.
 */
import { init } from 'z3-solver';

const { Z3 } = await init();

/** z3's three-valued answer. */
const ANSWERS = new Map([
  [1, 'sat'],
  [0, 'unknown'],
  [-1, 'unsat'],
]);

async function answer(script: string): Promise<string> {
  const config = Z3.mk_config();
  const context = Z3.mk_context(config);
  Z3.del_config(config);
  try {
    const solver = Z3.mk_solver(context);
    Z3.solver_inc_ref(context, solver);
    Z3.solver_from_string(context, solver, script);
    const found = await Z3.solver_check(context, solver);
    Z3.solver_dec_ref(context, solver);
    return ANSWERS.get(found) ?? `the number ${String(found)}`;
  } finally {
    Z3.del_context(context);
  }
}

process.on('message', (script: string) => {
  answer(script).then(
    (text) => process.send?.({ text }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ text: 'ready' });
