export async function handler(event, context) {
  const name = event.name ?? event.queryStringParameters?.name ?? 'world';
  console.log(`saying hello to ${name}`);
  return { message: `hello, ${name}`, from: context.functionName };
}
