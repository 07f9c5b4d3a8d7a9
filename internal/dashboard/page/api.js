// What the page asks the daemon.

/** Failure is an answer other than 2xx. */
export class Failure extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const patience = 60_000; // ms for an answer; an hour may pass until a browser gives up a host that has vanished
const quiet = 40_000; // ms without a sign of life in the stream of events; the daemon sends one each 15 s

/** ask returns the text of an answer. A browser that is not logged in any more goes to the login page. */
export async function ask(path, signal) {
  const until = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  const answer = await fetch(path, { signal: until, headers: { Accept: "application/json" } });
  const text = await answer.text();
  if (answer.status === 401) location.replace("/login");
  if (!answer.ok) {
    let problem = answer.statusText;
    try {
      problem = JSON.parse(text).error;
    } catch {
      // It is no JSON: the status says it.
    }
    throw new Failure(answer.status, problem);
  }
  return text;
}

const kept = 1000; // events in memory

/**
 * feed is the stream of events, the latest last. Names of events are the daemon's matter: a stream is read here rather
 * than by EventSource, which leaves out those it was not told of.
 */
export const feed = {
  events: [],
  listeners: new Set(),
  last: "",
  pause: 1000,
  fault: "connecting", // why no events come; empty: they do

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  },

  async run() {
    for (;;) {
      this.fault = await this.read();
      await new Promise((done) => setTimeout(done, this.pause));
      this.pause = Math.min(30_000, 2 * this.pause);
    }
  },

  /** read takes events as long as they come, and returns why they come no more. */
  async read() {
    const silence = new AbortController();
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), quiet);
    };
    alive();
    try {
      return await this.follow(silence.signal, alive);
    } catch {
      return silence.signal.aborted ? "no answer" : "offline";
    } finally {
      clearTimeout(timer);
    }
  },

  async follow(signal, alive) {
    const where = this.last ? `after=${encodeURIComponent(this.last)}` : "latest=300";
    const answer = await fetch(`/v1/events?${where}`, { signal, headers: { Accept: "text/event-stream" } });
    if (answer.status === 401) location.replace("/login");
    if (!answer.ok) return answer.statusText;
    this.pause = 1000;
    this.fault = "";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return "offline";
      alive();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      this.take(blocks);
    }
  },

  take(blocks) {
    const news = [];
    for (const block of blocks) {
      let data = "";
      for (const line of block.split("\n")) {
        if (line.startsWith("id: ")) this.last = line.slice(4);
        else if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (!data) continue;
      const event = JSON.parse(data);
      event.id_ = this.last;
      event.json_ = data;
      news.push(event);
    }
    if (news.length === 0) return;
    this.events.push(...news);
    if (this.events.length > kept) this.events.splice(0, this.events.length - kept);
    for (const listener of this.listeners) listener(news);
  },
};
