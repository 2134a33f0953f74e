// The hello of every peer, as plain node:http. With "once" it ends after its first reply, as a container of one call does.
const http = require('node:http');

const initMs = Number(process.argv[3] ?? 0);
for (const end = Date.now() + initMs; Date.now() < end;);

const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.end('hello');
  if (process.argv[2] === 'once') response.on('close', () => process.exit());
});
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
