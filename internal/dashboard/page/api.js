// What the page asks the daemon.

/** Failure is an answer other than 2xx. */
export class Failure extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const patience = 60_000; // ms for an answer; an hour may pass until a browser gives up a host that has vanished
const late = 5000; // ms after which an answer is missed
const interval = 1000; // ms between two questions for events

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
 * feed are the events, the latest last. The page asks for new ones once a second. It does not follow the stream: a
 * browser has six connections to a host, and six pages that hold one each would get no answer to anything else.
 */
export const feed = {
  events: [],
  listeners: new Set(),
  last: "",
  fault: "connecting", // why no events come; empty: they do

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  },

  async run() {
    let wake = () => {};
    document.addEventListener("visibilitychange", () => wake());
    for (;;) {
      if (!document.hidden) this.fault = await this.read();
      await new Promise((done) => {
        wake = done;
        setTimeout(done, interval);
      });
    }
  },

  /** read takes the events that have happened, and returns why it could not. */
  async read() {
    const missed = setTimeout(() => (this.fault = "no answer"), late);
    const where = this.last ? `after=${encodeURIComponent(this.last)}` : "latest=300";
    try {
      const answer = await fetch(`/v1/events?${where}&follow=false`,
        { signal: AbortSignal.timeout(patience), headers: { Accept: "text/event-stream" } });
      if (answer.status === 401) location.replace("/login");
      if (!answer.ok) return answer.statusText;
      this.take((await answer.text()).split("\n\n"));
      return "";
    } catch (e) {
      return e.name === "TimeoutError" ? "no answer" : "offline";
    } finally {
      clearTimeout(missed);
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
