export default {
  fetch() {
    return new Response('hello', { headers: { 'Content-Type': 'text/plain' } });
  },
};
