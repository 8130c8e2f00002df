// A broker of AMQP 1.0 that is not ours: Debian's RabbitMQ with its plugin, for one account, behind TLS, with a durable queue. What lies in the
// queue is read by its own client of another protocol (AMQP 0-9-1): what the broker itself understood of each message.
//
// It runs as whoever runs the test, in a folder and on ports of its own. Only what it needs is in sight of it, which halves its start (4 s of
// a processor); it is stopped and started again within its process, and ends with the input that this process holds.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { selfSignedPair } from '../self-signed.ts';
import { noProgram } from './debian-package.ts';
import { freePort } from './free-port.ts';

const places = '/usr/lib/rabbitmq/lib';
const home = () => {
  const [folder] = existsSync(places)
    ? readdirSync(places).filter((name) => name.startsWith('rabbitmq_server-3.'))
    : [];
  return folder === undefined ? null : join(places, folder);
};

/** Why there can be no RabbitMQ here, as `skip` of a test takes it; false: there can. */
export const noRabbit: string | false = await noProgram({
  ...{ what: 'RabbitMQ', package: 'rabbitmq-server', wanted: 'RabbitMQ 3' },
  isThere: () => home() !== null,
});

/** As its own client tells it. */
export interface RabbitMessage {
  readonly routingKey: string;
  readonly contentType: string;
  readonly id: string;
  /** 2: it outlives the broker. */
  readonly deliveryMode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface RabbitBroker {
  readonly port: number;
  /** Of its own key, for `localhost`, PEM. */
  readonly certificate: string;
  readonly user: string;
  readonly password: string;
  /** Durable topic exchange, all of which comes into one durable queue. */
  readonly exchange: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Takes what lies in the queue. */
  drain(): Promise<RabbitMessage[]>;
  close(): Promise<void>;
}

const [user, password, queue] = ['line-1', 'of-the-broker', 'cfx'];
/** Says each answer on a line that begins so; the broker writes its log beside it. */
const mark = 'FUSELINE ';
/** What the process does behind the boot of the broker: the words of its input, one a line. */
const obey = `
  Tell = fun(What) -> io:format("${mark}~s~n", [base64:encode(rabbit_json:encode(What))]) end,
  Take = fun Take(Channel) ->
    case amqp_channel:call(Channel, {'basic.get', 0, <<"${queue}">>, true}) of
      {{'basic.get_ok', _, _, _, Key, _}, {amqp_msg, Properties, Body}} ->
        {'P_basic', Type, _, Headers, Mode, _, _, _, _, Id, _, _, _, _, _} = Properties,
        Known = maps:from_list([{Name, Value} || {Name, Kind, Value} <- Headers, Kind =:= longstr]),
        Tell(#{routingKey => Key, contentType => Type, id => Id, deliveryMode => Mode, headers => Known, body => Body}),
        Take(Channel);
      {'basic.get_empty', _} -> ok
    end
  end,
  Drain = fun() ->
    Door = {amqp_params_direct, <<"${user}">>, <<"${password}">>, <<"/">>, node(), none, []},
    {ok, Connection} = amqp_connection:start(Door),
    {ok, Channel} = amqp_connection:open_channel(Connection),
    Take(Channel),
    amqp_connection:close(Connection)
  end,
  Obey = fun Obey() ->
    case io:get_line("") of
      "stop\\n" -> rabbit:stop();
      "start\\n" -> rabbit:start();
      "drain\\n" -> Drain();
      _ -> halt(0)
    end,
    Tell(done),
    Obey()
  end,
  Tell(done),
  Obey().`;

export async function startRabbit(): Promise<RabbitBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-rabbit-'));
  const at = (name: string) => join(folder, name);
  const [port, epmd, distribution] = [await freePort(), await freePort(), await freePort()];
  const { certificate, key } = selfSignedPair('localhost');
  writeFileSync(at('server.crt'), certificate);
  writeFileSync(at('server.key'), key, { mode: 0o600 });
  writeFileSync(at('enabled'), '[rabbitmq_amqp1_0].');
  writeFileSync(
    at('advanced.config'),
    `[{rabbit, [{tcp_listeners, []}, {ssl_listeners, [{"127.0.0.1", ${port}}]}, {load_definitions, "${at('made.json')}"},
      {ssl_options, [{certfile, "${at('server.crt')}"}, {keyfile, "${at('server.key')}"}]},
      {log, [{console, [{enabled, true}, {level, error}]}, {file, [{file, false}]}]}]}].`,
  );
  const everything = { vhost: '/', durable: true, auto_delete: false, arguments: {} };
  writeFileSync(
    at('made.json'),
    JSON.stringify({
      vhosts: [{ name: '/' }],
      users: [{ name: user, password, tags: [] }],
      permissions: [{ user, vhost: '/', configure: '', write: '.*', read: '.*' }],
      queues: [{ ...everything, name: queue }],
      exchanges: [{ ...everything, name: queue, type: 'topic', internal: false }],
      bindings: [
        { vhost: '/', source: queue, destination: queue, destination_type: 'queue', routing_key: '#', arguments: {} },
      ],
    }),
  );
  mkdirSync(at('plugins'));
  const all = join(home()!, 'plugins');
  for (const name of readdirSync(all))
    if (!/^(rabbitmq_(?!amqp1_0|prelaunch)|cow|gun|jose|base64url|eetcd|prometheus|accept|amqp10_client)/.test(name))
      symlinkSync(join(all, name), at(join('plugins', name)));

  const names = { env: { ...process.env, ERL_EPMD_PORT: `${epmd}`, ERL_EPMD_ADDRESS: '127.0.0.1' } };
  // the register of names of Erlang, which the broker would start for itself and leave behind
  const register = spawn('epmd', [], { ...names, stdio: 'ignore' });
  const server = spawn(
    'erl',
    [
      ...['-noshell', '-boot', 'no_dot_erlang', '+W', 'w', '+S', '1:1', '+sbwt', 'none'],
      ...['-syslog', 'logger', '[]', '-syslog', 'syslog_error_logger', 'false', '-s', 'rabbit', 'boot', '-eval', obey],
    ],
    {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        ...{ ...names.env, HOME: folder, ERL_LIBS: at('plugins'), ERL_CRASH_DUMP: '/dev/null' },
        ...{ RABBITMQ_HOME: home()!, RABBITMQ_PLUGINS_DIR: at('plugins'), RABBITMQ_CONF_ENV_FILE: '/dev/null' },
        ...{ RABBITMQ_NODENAME: `fuseline-${port}@localhost`, RABBITMQ_DIST_PORT: `${distribution}` },
        ...{ RABBITMQ_MNESIA_BASE: at('data'), RABBITMQ_LOG_BASE: at('log'), RABBITMQ_CONFIG_FILE: at('none.conf') },
        ...{ RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'), RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled') },
      },
    },
  );
  const answers = answersOf(server);
  const ask = async (word: string) => {
    server.stdin!.write(`${word}\n`);
    return await answers();
  };
  const close = async () => {
    server.stdin!.on('error', () => undefined).end();
    if (server.exitCode === null) await once(server, 'exit');
    const gone = once(register, 'exit');
    register.kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...{ port, certificate, user, password, exchange: queue, close },
    stop: async () => void (await ask('stop')),
    start: async () => void (await ask('start')),
    drain: async () => (await ask('drain')) as RabbitMessage[],
  };
}

/** What it says until it has done what it was asked. Rejects with its last lines where it ends. */
function answersOf(server: ChildProcess): () => Promise<unknown[]> {
  const log: string[] = [];
  let said: unknown[] = [];
  let settle: { take(said: unknown[]): void; refuse(error: Error): void } | null = null;
  const done: unknown[][] = [];
  createInterface({ input: server.stdout! }).on('line', (line) => {
    const from = line.indexOf(mark);
    if (from < 0) {
      log.push(line);
      return;
    }
    const answer: unknown = JSON.parse(Buffer.from(line.slice(from + mark.length), 'base64').toString('utf8'));
    if (answer !== 'done') {
      said.push(answer);
      return;
    }
    if (settle === null) done.push(said);
    else settle.take(said);
    [said, settle] = [[], null];
  });
  server.on('exit', () => settle?.refuse(new Error(`RabbitMQ ended: ${log.slice(-10).join('\n')}`)));
  return () => {
    const before = done.shift();
    if (before !== undefined) return Promise.resolve(before);
    return new Promise((take, refuse) => {
      settle = { take, refuse };
    });
  };
}
