// Portkey waits 25 ms before the first event of every stream. Loaded ahead of it, this makes that wait a turn of the
// event loop, so that what is left can be measured.
const wait = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => wait(callback, delay === 25 ? 0 : delay, ...rest);
