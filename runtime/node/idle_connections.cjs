'use strict';
// HTTP clients keep connections for the next request. Those that are idle when init is over are closed, as their servers may do at any
// time, so that they do not stand in the way of a template: agents of node:http and node:https (the AWS SDK's too), and fetch.
const { subscribe } = require('node:diagnostics_channel');

const agents = new Set();
const fetched = new Set();

// To be called before the function's code runs.
function watch() {
  subscribe('http.client.request.start', ({ request }) => { if (request.agent) agents.add(request.agent); });
  subscribe('undici:client:connected', ({ socket }) => fetched.add(socket));
}

function close() {
  for (const agent of agents) {
    for (const socket of Object.values(agent.freeSockets).flat()) socket.destroy();
  }
  for (const socket of fetched) {
    if (socket._handle?.hasRef?.() === false) socket.destroy();  // in use it would keep the event loop alive
  }
}

module.exports = { watch, close };
