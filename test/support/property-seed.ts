import fc from "fast-check";

// Property tests repeat the same cases at every run, so that a merge never fails by chance. Another seed explores others:
// NINES_TEST_SEED=$RANDOM npm run verify
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.NINES_TEST_SEED ?? 20_261_122) });
