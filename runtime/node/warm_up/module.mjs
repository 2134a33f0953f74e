// Loaded by warm_up.cjs, in the place of a function.
export const handler = async () => {};
