import { once } from "node:events";
import { connect } from "node:net";

/** What a server writes to raw bytes, until it closes or `until` matches; Latin-1. */
export const raw = async (url: string, bytes: string, until = /\r\n\r\n/): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(bytes);
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (until.test(text)) socket.destroy();
  });
  await once(socket, "close");
  return text;
};
