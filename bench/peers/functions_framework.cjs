// The hello of every peer in the functions-framework: its own server object, on a port of the kernel's choice.
const framework = require('@google-cloud/functions-framework');
const { getTestServer } = require('@google-cloud/functions-framework/testing');

framework.http('hello', (request, response) => response.type('text/plain').send('hello'));
const server = getTestServer('hello').listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
