/** Single HTTP requests for starting and stopping things. Everything else uses a proper client. */
import http from 'node:http';
import https from 'node:https';

const answerLimitMs = 5000;

/**
 * One request to this machine on a connection of its own, which `fetch` cannot do: a stopping ClickHouse waits
 * five seconds for connections that are kept alive.
 * @param options `tls`: speak TLS, whoever the certificate is for: it names the public address, not this one
 */
export async function requestOnce(
  port: number,
  options: http.RequestOptions & { tls?: boolean },
  body?: string,
): Promise<{ status: number | undefined; text: string }> {
  const { tls = false, ...rest } = options;
  const all = { host: '127.0.0.1', port, agent: false, timeout: answerLimitMs, ...rest } as const;
  return new Promise((resolve, reject) => {
    const take = (answer: http.IncomingMessage) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
      answer.on('error', reject);
    };
    const sent = tls ? https.request({ ...all, rejectUnauthorized: false }, take) : http.request(all, take);
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${answerLimitMs / 1000} s`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
