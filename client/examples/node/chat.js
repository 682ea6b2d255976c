// Streams one answer from a Sluice gateway. SLUICE_ADDRESS names the gateway; arguments: [MODEL [PROMPT]].
// SLUICE_PROTO is the folder that holds sluice/v1 and sluice/rpc/v1.
'use strict';

const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const definition = protoLoader.loadSync(['sluice/v1/chat.proto', 'sluice/rpc/v1/status.proto'], {
  includeDirs: [process.env.SLUICE_PROTO],
  keepCase: true,
  oneofs: true,
  enums: String,
  longs: Number,
});
const { ChatService } = grpc.loadPackageDefinition(definition).sluice.v1;

// google.rpc.Status travels in this trailer; the contract ships wire-compatible copies of its messages.
function errorInfo(error) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!bytes) return {};
  const decode = (name, data) => definition[`sluice.rpc.v1.${name}`].deserialize(data);
  const detail = decode('Status', bytes).details.find((any) => any.type_url.endsWith('/google.rpc.ErrorInfo'));
  return detail ? decode('ErrorInfo', detail.value) : {};
}

const [model = 'gpt-4.1', prompt = 'Say hello.'] = process.argv.slice(2);
const client = new ChatService(process.env.SLUICE_ADDRESS || '127.0.0.1:50051', grpc.credentials.createInsecure());
const stream = client.Chat({ model, messages: [{ role: 'ROLE_USER', content: [{ text: prompt }] }] });
stream.on('data', (event) => process.stdout.write(event.delta?.text ?? ''));
stream.on('end', () => process.stdout.write('\n'));
stream.on('error', (error) => {
  const info = errorInfo(error);
  console.error(`\n${grpc.status[error.code]} reason=${info.reason ?? ''} ${error.details}`);
  for (const [key, value] of Object.entries(info.metadata ?? {})) console.error(`  ${key}=${value}`);
  process.exitCode = 1;
});
