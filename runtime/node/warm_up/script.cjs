'use strict';
// Loaded by warm_up.cjs, in the place of a function.
exports.handler = async () => {};
