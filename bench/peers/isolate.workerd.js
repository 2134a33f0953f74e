// Answers each request from a new isolate, loaded for it.
const code = "export default { fetch() { return new Response('hello', { headers: { 'Content-Type': 'text/plain' } }); } };";
let loaded = 0;

export default {
  fetch(request, env) {
    const isolate = env.LOADER.get(`isolate-${++loaded}`, () => ({
      compatibilityDate: '2026-01-01', mainModule: 'hello.js', modules: { 'hello.js': code },
    }));
    return isolate.getEntrypoint().fetch(request);
  },
};
