/**
 * Every setting of `npm start`, once: name, what it may hold, default, meaning. The check at start, the help and
 * docs/environment.md are all made from this table. The services check again what is handed to them.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { readConfig, setting } from '../telemetry/service/config.ts';

interface Setting {
  readonly kind: z.ZodType;
  /** As one would write it in the environment. */
  readonly default?: string;
  /** What happens without it, where that is not a fixed value. */
  readonly otherwise?: string;
  readonly doc: string;
}

const fixedPort = () => setting.port().min(1, 'expected a port number, 1 to 65535');
const existingFile = () =>
  setting.text().refine((file) => existsSync(file), 'there is no such file; expected the path of a PEM file');
const wholeNumber = () => z.coerce.number('expected a whole number').int().min(0);
const seconds = () => z.coerce.number('expected seconds, above 0').positive().max(86_400);
const turnUrls = () =>
  setting
    .list()
    .refine(
      (urls) => urls.length > 0 && urls.every((url) => /^turns?:\S+$/.test(url)),
      'expected URLs like turn:host:3478?transport=udp, separated by commas',
    );
const clickHouseUrl = () =>
  setting
    .httpUrl()
    .refine(
      (url) => !URL.canParse(url) || /^\/\w+$/.test(new URL(url).pathname),
      'expected http://user:password@host:port/database',
    );

/** The groups are the headings of the table. */
export const settingGroups = {
  General: {
    CALLSCOPE_DATA_DIR: {
      kind: setting.text(),
      default: '.callscope/data',
      doc: 'Everything that must survive a restart: tables, queues, secrets, logs. A path from the project folder.',
    },
    CALLSCOPE_LOG_LEVEL: {
      kind: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
      default: 'info',
      doc: 'How much the services write to their logs.',
    },
  },
  'TURN relays': {
    CALLSCOPE_REGION: {
      kind: z.string().max(64).optional(),
      otherwise: 'one region only',
      doc: 'Region of this node, its relays and its scaler. Relays of the same region are handed out first.',
    },
    CALLSCOPE_TURN_RELAYS: {
      kind: setting.count().max(32),
      default: '2',
      doc: 'How many relays are started on this machine, before the scaler asks for more.',
    },
    CALLSCOPE_TURN_CAPACITY_MBPS: {
      kind: z.coerce.number('expected a number above 0').positive(),
      default: '200',
      doc: 'What one relay may carry, up and down together, Mbit/s.',
    },
    CALLSCOPE_TURN_MAX_ALLOCATIONS: {
      kind: setting.count(),
      default: '2000',
      doc: 'How many allocations one relay may hold. A browser makes one on each relay, transport and connection.',
    },
    CALLSCOPE_FLEET_DRIVER: {
      kind: z.enum(['off', 'local', 'webhook', 'metrics']).optional(),
      otherwise: '`local` where relays are started here, else `off`',
      doc: 'Who starts and ends relays when the scaler says so ([the TURN fleet](turn.md)).',
    },
    CALLSCOPE_FLEET_MIN_RELAYS: {
      kind: setting.count(),
      default: '2',
      doc: 'Never fewer relays: everybody is given two.',
    },
    CALLSCOPE_FLEET_MAX_RELAYS: {
      kind: setting.count(),
      default: '4',
      doc: 'Never more, whatever the demand.',
    },
    CALLSCOPE_FLEET_SPARE_RELAYS: {
      kind: wholeNumber(),
      default: '1',
      doc: 'Relays beyond what the load needs: as many may be lost at any time.',
    },
    CALLSCOPE_FLEET_BURST_RELAYS: {
      kind: z.coerce.number('expected a number, 0 or above').min(0),
      default: '0',
      doc: 'Room for a burst that nothing announces, in relays; may be a fraction.',
    },
    CALLSCOPE_FLEET_WARM_UP_SECONDS: {
      kind: seconds(),
      default: '5',
      doc: 'From the order of a relay to its first call. Demand is looked at so far ahead.',
    },
    CALLSCOPE_FLEET_LOOK_SECONDS: { kind: seconds(), default: '5', doc: 'Between two looks at the fleet.' },
    CALLSCOPE_FLEET_COOL_DOWN_SECONDS: {
      kind: seconds(),
      default: '1920',
      doc: 'The fleet shrinks only to the most that was wanted in this time.',
    },
    CALLSCOPE_FLEET_DRAINED_SECONDS: {
      kind: seconds(),
      default: '60',
      doc: 'A drained relay is ended once it is empty, and this long after its drain began.',
    },
    CALLSCOPE_FLEET_WEBHOOK_URL: {
      kind: setting.httpUrl().optional(),
      doc: 'Gets orders as signed JSON, with the driver `webhook`.',
    },
    CALLSCOPE_FLEET_WEBHOOK_SECRET: {
      kind: setting.secret().optional(),
      doc: 'Signs what goes to that webhook. At least 16 characters.',
    },
  },
  'Parts run elsewhere': {
    CALLSCOPE_CLICKHOUSE_URL: {
      kind: clickHouseUrl().optional(),
      otherwise: 'one is started',
      doc: 'ClickHouse to use, `http://user:password@host:port/database`. The user must own the database.',
    },
    CALLSCOPE_REDIS_URL: {
      kind: setting.redisUrl().optional(),
      otherwise: 'one is started',
      doc: 'Redis for the queues, `redis://:password@host:port`, with `maxmemory-policy noeviction`.',
    },
    CALLSCOPE_TURN_URLS: {
      kind: turnUrls().optional(),
      otherwise: 'relays are started here',
      doc: 'TURN servers that clients are told of while none tells of itself, separated by commas: `turn:host:port?transport=udp`.',
    },
    CALLSCOPE_TURN_SECRET: {
      kind: setting.secret().optional(),
      otherwise: 'made once and kept',
      doc: 'Secret shared with the TURN servers, for credentials that expire (`static-auth-secret` of coturn).',
    },
    CALLSCOPE_COLLECTOR_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'one is started',
      doc: 'Base URL of an OTLP/HTTP receiver that writes to the same ClickHouse, e.g. another Callscope collector.',
    },
  },
  'Ports of the started parts': {
    CALLSCOPE_CLICKHOUSE_PORT: {
      kind: setting.port(),
      default: '0',
      doc: 'Loopback HTTP. 0 takes a free one.',
    },
    CALLSCOPE_REDIS_PORT: { kind: setting.port(), default: '0', doc: 'Loopback. 0 takes a free one.' },
    CALLSCOPE_TURN_PORT: {
      kind: setting.port(),
      default: '0',
      doc: 'Of the first relay, loopback UDP and TCP. 0 takes a free one.',
    },
  },
  Secrets: {
    CALLSCOPE_TOKEN_SECRET: {
      kind: setting.secret().optional(),
      otherwise: 'made once and kept',
      doc: 'Signs invitations, join tokens and telemetry tokens. At least 16 characters.',
    },
    CALLSCOPE_SERVER_KEY: {
      kind: setting
        .secret()
        .regex(/^[\x21-\x7e]*$/, 'expected visible ASCII without spaces')
        .optional(),
      otherwise: 'made once and kept',
      doc: 'With it servers write any telemetry to the collector. At least 16 characters of visible ASCII.',
    },
  },
  'Media node and meeting page': {
    CALLSCOPE_SFU_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where page and signaling listen. Anything but loopback needs TLS.',
    },
    CALLSCOPE_SFU_PORT: { kind: fixedPort(), default: '4443', doc: 'Page and signaling, TCP.' },
    CALLSCOPE_TLS_CERT: { kind: existingFile().optional(), doc: 'Certificate chain, a PEM file.' },
    CALLSCOPE_TLS_KEY: {
      kind: existingFile().optional(),
      doc: 'Private key of the certificate, a PEM file.',
    },
    CALLSCOPE_SFU_NODE_ID: {
      kind: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'expected 1 to 64 letters, digits, "-", "_" or "."'),
      default: 'sfu-1',
      doc: 'Name of the node in telemetry and of its queue.',
    },
    CALLSCOPE_SFU_ENTRANCES: {
      kind: setting.list().optional(),
      otherwise: 'the address of the page only',
      doc: 'Origins under which clients reach the media service, best first, separated by commas. A client that loses one goes on over the next.',
    },
    CALLSCOPE_SFU_NODES: {
      kind: setting.count().max(16),
      default: '1',
      doc: 'Number of media nodes of this machine, the first on CALLSCOPE_SFU_PORT.',
    },
    CALLSCOPE_SFU_NODE_ORIGINS: {
      kind: setting.list().optional(),
      otherwise: 'this node is the only one',
      doc: 'Of a media node among several: the origins that lead to it alone.',
    },
    CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE: {
      kind: setting.count().optional(),
      otherwise: 'a call is on one node',
      doc: 'So many of a call sit on one media node; whoever comes then sits on another, and the nodes pipe media to each other ([failures](failures.md#calls-on-several-nodes)). The same for all nodes.',
    },
    CALLSCOPE_SFU_CALLS_ACROSS_REGIONS: {
      kind: z.enum(['on', 'off']),
      default: 'off',
      doc: '`on`: whoever asks at a node of another region than the call’s sits on a node of that region. The same for all nodes.',
    },
    CALLSCOPE_SFU_WORKERS: {
      kind: setting.count().optional(),
      otherwise: 'one per core',
      doc: 'Number of media worker processes.',
    },
    CALLSCOPE_RTC_HOST: { kind: setting.host(), default: '127.0.0.1', doc: 'Where media listens.' },
    CALLSCOPE_RTC_PORT: {
      kind: fixedPort(),
      default: '44400',
      doc: 'Media port of the first worker, UDP and TCP; each further worker takes the next.',
    },
    CALLSCOPE_RTC_ANNOUNCED_ADDRESS: {
      kind: setting.host().optional(),
      otherwise: 'CALLSCOPE_RTC_HOST',
      doc: 'The address that clients send media to, where it is another (NAT, load balancer).',
    },
    CALLSCOPE_CLIENT_COLLECTOR_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'CALLSCOPE_COLLECTOR_URL or the started one',
      doc: 'Where browsers send their telemetry, as they see it.',
    },
  },
  Recording: {
    CALLSCOPE_RECORDING: {
      kind: z.enum(['on', 'off']),
      default: 'on',
      doc: '`off`: no recorder is started, and nothing can be recorded. `on`: calls that are asked for are ([recording](recording.md)).',
    },
    CALLSCOPE_RECORDING_STORE: {
      kind: setting.text().optional(),
      otherwise: '`recordings` in the data folder',
      doc: 'Where recordings go: a folder, or `s3://bucket/prefix` with the standard variables of the AWS SDK (`AWS_REGION`, `AWS_ACCESS_KEY_ID` …).',
    },
    CALLSCOPE_S3_ENDPOINT: {
      kind: setting.httpUrl().optional(),
      otherwise: "Amazon's",
      doc: 'Another store that speaks S3; buckets are then a part of the path.',
    },
    CALLSCOPE_RECORDER_DIR: {
      kind: setting.text().optional(),
      otherwise: '`recorder` in the data folder',
      doc: 'Holds recordings until they are in the store: a disk of its own, with room for the longest outage of the store.',
    },
    CALLSCOPE_RECORDER_ID: {
      kind: z
        .string()
        .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'expected 1 to 64 letters, digits, "-", "_" or "."')
        .optional(),
      otherwise: "the host's name",
      doc: 'Name of the recorder in telemetry and of its queues; it must stay the same over restarts.',
    },
    CALLSCOPE_RECORDER_SECRET: {
      kind: setting.secret().optional(),
      otherwise: 'made once and kept',
      doc: 'With it recorders take calls from media nodes, and recordings are begun and ended. At least 16 characters.',
    },
    CALLSCOPE_RECORDING_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where the media node sends the RTP of recordings from. It is not encrypted: loopback or a private network.',
    },
    CALLSCOPE_RECORDER_RTP_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where the recorder takes RTP, a free UDP port a stream. Loopback or a private network.',
    },
    CALLSCOPE_RECORDER_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where the recorder tells how it is.',
    },
    CALLSCOPE_RECORDER_PORT: { kind: fixedPort(), default: '4324', doc: 'TCP.' },
    CALLSCOPE_FINISHER_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where the finisher, which makes and stores files, tells how it is.',
    },
    CALLSCOPE_FINISHER_PORT: { kind: fixedPort(), default: '4325', doc: 'TCP.' },
    CALLSCOPE_RECORDER_MIN_FREE_MB: {
      kind: setting.count(),
      default: '1024',
      doc: 'With less room on its disk a recorder begins no recording; those under way go on.',
    },
    CALLSCOPE_RECORDER_MAX_CALLS: {
      kind: setting.count(),
      default: '50',
      doc: 'Recordings at a time; further ones are left to other recorders.',
    },
    CALLSCOPE_RECORDING_GIVE_UP_HOURS: {
      kind: setting.count(),
      default: '72',
      doc: 'How long a recording is tried to be stored. After that it counts as failed and stays in `failed` of the recorder.',
    },
    CALLSCOPE_SPEECH_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'pocketsphinx',
      doc: "What writes speech down: a URL that takes what OpenAI's audio transcriptions API takes, such as a Whisper server's.",
    },
    CALLSCOPE_SPEECH_KEY: { kind: setting.text().optional(), doc: 'Bearer token for it.' },
    CALLSCOPE_SPEECH_MODEL: {
      kind: setting.text(),
      default: 'whisper-1',
      doc: 'Name of the model that is asked for there.',
    },
  },
  Collector: {
    CALLSCOPE_COLLECTOR_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where the collector listens.',
    },
    CALLSCOPE_COLLECTOR_PORT: { kind: fixedPort(), default: '4318', doc: 'OTLP/HTTP, TCP.' },
    CALLSCOPE_COLLECTOR_GRPC_PORT: { kind: fixedPort(), default: '4317', doc: 'OTLP/gRPC, TCP.' },
    CALLSCOPE_SPOOL_DIR: {
      kind: setting.text().optional(),
      otherwise: '`spool` in the data folder',
      doc: 'Holds every request until ClickHouse has its rows: put it on a disk that survives a restart, one for each collector.',
    },
    CALLSCOPE_SPOOL_MAX_MB: {
      kind: setting.count().min(64),
      default: '4096',
      doc: 'Bound of the spool. Beyond it requests are answered 503; requests are kept compressed, as they came.',
    },
    CALLSCOPE_RETENTION: {
      kind: setting.text().optional(),
      otherwise: 'raw 30, scores 90, results 400',
      doc: 'Days that rows are kept, by tenant and kind (`raw`, `scores`, `results`): `acme:raw:7,acme:results:90,*:raw:14`, `*` being all other tenants. A change holds from the next start of a collector.',
    },
    CALLSCOPE_TENANT_KEYS: {
      kind: setting.text().optional(),
      otherwise: 'none',
      doc: 'Keys of servers that write for one tenant only, whatever they say: `acme:its-key,globex:another-key`.',
    },
    CALLSCOPE_PARTICIPANT_RECORDS_PER_SECOND: {
      kind: setting.count(),
      default: '2000',
      doc: 'Records a second that a participant may send; 20 s of them may come at once. Beyond it 429.',
    },
    CALLSCOPE_TENANT_RECORDS_PER_SECOND: {
      kind: setting.count().optional(),
      otherwise: 'unbounded',
      doc: 'The same for all participants and keys of a tenant together.',
    },
    CALLSCOPE_REDACTED_ATTRIBUTES: {
      kind: setting.list().optional(),
      otherwise: 'names of secrets and persons',
      doc: 'Attributes of events, spans and metrics whose values are not stored, `*` for any characters; takes the place of a list of passwords, secrets, tokens, cookies, e-mail addresses, phone numbers and persons.',
    },
    CALLSCOPE_GEOIP_FILES: {
      kind: setting.list().optional(),
      otherwise: 'neither is told',
      doc: 'Files in MaxMind’s format, separated by commas, that tell countries and network operators of participants. Read again when they change.',
    },
    CALLSCOPE_TRUSTED_PROXIES: {
      kind: z.coerce.number().int().min(0).max(10),
      default: '0',
      doc: 'Proxies before the collector that add to X-Forwarded-For. Without any, a participant’s address is its connection’s.',
    },
    CALLSCOPE_ALLOWED_ORIGINS: {
      kind: setting.list().optional(),
      otherwise: 'the meeting page',
      doc: 'Further pages that may send from a browser, separated by commas: `https://meet.example.org`.',
    },
  },
  Pipelines: {
    CALLSCOPE_PIPELINES_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where the pipelines tell how they are.',
    },
    CALLSCOPE_PIPELINES_PORT: { kind: fixedPort(), default: '4320', doc: 'TCP.' },
    CALLSCOPE_SHARDS: {
      kind: setting.count().max(1024),
      default: '4',
      doc: 'Into how many parts calls are divided. All processes of a deployment must have the same.',
    },
    CALLSCOPE_LOOP_MODE: {
      kind: z.enum(['off', 'shadow', 'on']),
      default: 'on',
      doc: '`off`: no decisions. `shadow`: decided and recorded, never carried out. `on`: carried out. For the pipelines and the reflex of the media node.',
    },
    CALLSCOPE_QUEUE_PREFIX: {
      kind: setting.text().optional(),
      otherwise: "the queue library's own",
      doc: 'Prefix of the keys in Redis, where deployments share one.',
    },
  },
  Alerts: {
    CALLSCOPE_ALERTMANAGER_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'not told',
      doc: 'Prometheus Alertmanager, its base URL. Group by `incident` there.',
    },
    CALLSCOPE_ALERT_SLACK_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'not told',
      doc: 'Incoming webhook of Slack, or of anything that takes the same.',
    },
    CALLSCOPE_ALERT_PAGERDUTY_KEY: {
      kind: setting.text().optional(),
      otherwise: 'not told',
      doc: 'Integration key of PagerDuty (Events API v2). Gets pages only.',
    },
    CALLSCOPE_ALERT_PAGERDUTY_URL: {
      kind: setting.httpUrl(),
      default: 'https://events.pagerduty.com',
      doc: 'Where PagerDuty takes events; another for its EU region.',
    },
    CALLSCOPE_ALERT_WEBHOOK_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'not told',
      doc: 'Gets every alert as signed JSON ([alerts](alerts.md)).',
    },
    CALLSCOPE_ALERT_WEBHOOK_SECRET: {
      kind: setting.secret().optional(),
      doc: 'Signs what goes to the webhook. At least 16 characters.',
    },
    CALLSCOPE_DASHBOARDS_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'no such links',
      doc: 'Base of the links from alerts to Grafana.',
    },
    CALLSCOPE_INSPECTOR_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'the started inspector',
      doc: 'Base of the links from alerts to calls, as people reach the inspector.',
    },
    CALLSCOPE_RUNBOOKS_URL: {
      kind: setting.httpUrl().optional(),
      otherwise: 'no such links',
      doc: 'Base of the links from alerts to runbooks: where the project folder can be read, such as its page in a git service.',
    },
  },
  Inspector: {
    CALLSCOPE_INSPECTOR_HOST: {
      kind: setting.host(),
      default: '127.0.0.1',
      doc: 'Where the inspector listens, page and API. Anything but loopback needs TLS.',
    },
    CALLSCOPE_INSPECTOR_PORT: { kind: fixedPort(), default: '4322', doc: 'TCP.' },
    CALLSCOPE_INSPECTOR_NAMES: {
      kind: z.enum(['shown', 'admins', 'hidden']),
      default: 'shown',
      doc: 'Who may see what people call themselves: all, only admins, nobody. Others see participants by number, find no call by a name and get no export.',
    },
    CALLSCOPE_OIDC_ISSUER: {
      kind: setting.httpUrl().optional(),
      otherwise: 'one signs in with links',
      doc: 'OpenID Connect provider, https. Needs the client’s id and secret, and the inspector’s own base address (see Alerts), below which it sends people back to `/api/v1/session/oidc/callback`.',
    },
    CALLSCOPE_OIDC_CLIENT_ID: { kind: setting.text().optional(), doc: 'Of the inspector, at the provider.' },
    CALLSCOPE_OIDC_CLIENT_SECRET: {
      kind: setting.text().optional(),
      doc: 'Of the inspector, at the provider.',
    },
    CALLSCOPE_OIDC_SCOPE: {
      kind: setting.text(),
      default: 'openid profile email',
      doc: 'What is asked for; the role, and the tenant where it is one, must be among the claims of the ID token.',
    },
    CALLSCOPE_OIDC_ROLE_CLAIM: {
      kind: setting.text(),
      default: 'roles',
      doc: 'Claim with the role: text, or a list. Without a role nobody comes in.',
    },
    CALLSCOPE_OIDC_ADMIN: {
      kind: setting.text(),
      default: 'callscope-admin',
      doc: 'Its value for administrators.',
    },
    CALLSCOPE_OIDC_SUPPORT: {
      kind: setting.text(),
      default: 'callscope-support',
      doc: 'Its value for support.',
    },
    CALLSCOPE_OIDC_TENANT_CLAIM: {
      kind: setting.text().optional(),
      otherwise: 'all belong to CALLSCOPE_OIDC_TENANT',
      doc: 'Claim with the tenant.',
    },
    CALLSCOPE_OIDC_TENANT: {
      kind: setting.text(),
      default: 'default',
      doc: 'Tenant of those who sign in, where no claim names it.',
    },
    CALLSCOPE_WEBHOOK_PRIVATE: {
      kind: z.enum(['on', 'off']),
      default: 'off',
      doc: 'Whether webhooks that tenants make may be plain http and lead to addresses that are not public.',
    },
    CALLSCOPE_INSPECTOR_IMPORT_MB: {
      kind: setting.count().max(2_000),
      default: '256',
      doc: 'Longest recording that may be dropped on the page, MiB as it is sent.',
    },
  },
} as const satisfies Record<string, Record<string, Setting>>;

/** Read by the set-up, before there is anything to check them with. Here for the documentation only. */
export const setupVariables = {
  MEDIASOUP_WORKER_BIN: 'A mediasoup-worker program to use; nothing is downloaded or built then.',
  MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD:
    "Set to anything: build the worker, do not ask for mediasoup's release.",
  MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: "Where mediasoup's releases are mirrored.",
  XDG_CACHE_HOME: 'The built or downloaded worker is kept in `callscope/` there. Without it in `~/.cache`.',
} as const;

type Groups = typeof settingGroups;
type Merged<T> = (T extends unknown ? (merged: T) => void : never) extends (merged: infer U) => void
  ? U
  : never;
type Table = Merged<Groups[keyof Groups]>;
export type SettingName = keyof Table & string;
export type Settings = {
  [Name in keyof Table]: Table[Name] extends Setting ? z.infer<Table[Name]['kind']> : never;
};

export const settingTable = Object.assign({}, ...Object.values(settingGroups)) as Record<
  SettingName,
  Setting
>;
export const settingNames = Object.keys(settingTable) as SettingName[];

export const isLoopback = (host: string): boolean => /^(127\.[\d.]+|::1|localhost)$/.test(host);

const schema = z
  .object(Object.fromEntries(settingNames.map((name) => [name, settingTable[name].kind])))
  .superRefine((given, context) => {
    const values = given as Settings;
    const fault = (name: SettingName, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (values.CALLSCOPE_TURN_URLS && !values.CALLSCOPE_TURN_SECRET) {
      fault('CALLSCOPE_TURN_SECRET', 'needed to make credentials for CALLSCOPE_TURN_URLS');
    }
    if (values.CALLSCOPE_COLLECTOR_URL && !values.CALLSCOPE_SERVER_KEY) {
      fault('CALLSCOPE_SERVER_KEY', 'needed to write to CALLSCOPE_COLLECTOR_URL');
    }
    if (values.CALLSCOPE_COLLECTOR_URL && !values.CALLSCOPE_TOKEN_SECRET) {
      fault(
        'CALLSCOPE_TOKEN_SECRET',
        'needed: the collector at CALLSCOPE_COLLECTOR_URL checks tokens with it',
      );
    }
    if (Boolean(values.CALLSCOPE_TLS_CERT) !== Boolean(values.CALLSCOPE_TLS_KEY)) {
      const missing = values.CALLSCOPE_TLS_CERT ? 'CALLSCOPE_TLS_KEY' : 'CALLSCOPE_TLS_CERT';
      fault(missing, 'CALLSCOPE_TLS_CERT and CALLSCOPE_TLS_KEY go together');
    }
    if (values.CALLSCOPE_ALERT_WEBHOOK_URL && !values.CALLSCOPE_ALERT_WEBHOOK_SECRET) {
      fault('CALLSCOPE_ALERT_WEBHOOK_SECRET', 'needed to sign what goes to CALLSCOPE_ALERT_WEBHOOK_URL');
    }
    if (values.CALLSCOPE_FLEET_MAX_RELAYS < values.CALLSCOPE_FLEET_MIN_RELAYS) {
      fault('CALLSCOPE_FLEET_MAX_RELAYS', 'is below CALLSCOPE_FLEET_MIN_RELAYS');
    }
    const webhook = [values.CALLSCOPE_FLEET_WEBHOOK_URL, values.CALLSCOPE_FLEET_WEBHOOK_SECRET];
    if (values.CALLSCOPE_FLEET_DRIVER === 'webhook' && !webhook.every(Boolean)) {
      fault(
        'CALLSCOPE_FLEET_DRIVER',
        'webhook needs CALLSCOPE_FLEET_WEBHOOK_URL and CALLSCOPE_FLEET_WEBHOOK_SECRET',
      );
    }
    if (!isLoopback(values.CALLSCOPE_SFU_HOST) && !values.CALLSCOPE_TLS_CERT) {
      fault('CALLSCOPE_SFU_HOST', 'not loopback: set CALLSCOPE_TLS_CERT and CALLSCOPE_TLS_KEY too');
    }
    if (!isLoopback(values.CALLSCOPE_INSPECTOR_HOST) && !values.CALLSCOPE_TLS_CERT) {
      fault('CALLSCOPE_INSPECTOR_HOST', 'not loopback: set CALLSCOPE_TLS_CERT and CALLSCOPE_TLS_KEY too');
    }
    const workers = values.CALLSCOPE_SFU_WORKERS ?? availableParallelism();
    if (values.CALLSCOPE_RTC_PORT + workers - 1 > 65_535) {
      fault('CALLSCOPE_RTC_PORT', `leaves no room for ${workers} workers with a port each`);
    }
  });

/** @throws ConfigError with one line per faulty variable */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return readConfig(schema, { ...defaults, ...withoutEmpty(env) }) as Settings;
}

/** Variables that look like ours and are not: most likely misspelt. */
export function unknownVariables(env: NodeJS.ProcessEnv = process.env): string[] {
  const known = new Set<string>([
    ...settingNames,
    'CALLSCOPE_SUPERVISED',
    'CALLSCOPE_PAGE_DIR',
    'CALLSCOPE_INSPECTOR_PAGE_DIR',
  ]);
  return Object.keys(env).filter((name) => name.startsWith('CALLSCOPE_') && !known.has(name));
}

const defaults = Object.fromEntries(
  settingNames.flatMap((name) => {
    const value = settingTable[name].default;
    return value === undefined ? [] : [[name, value]];
  }),
);

const withoutEmpty = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
