/** Why was this call bad: the answer in words, with how sure it is, and the evidence one click away. */
import type { CallPage, Finding } from '../../../contract.ts';
import { clock, fact, words } from '../format.ts';
import { Words } from '../parts/text.tsx';

const levels: Record<CallPage['verdict']['level'], string> = {
  fine: 'Fine',
  minor: 'Small trouble',
  moderate: 'Trouble',
  severe: 'Bad',
  unknown: 'Not known',
};

const certainties: Record<Finding['certainty'], string> = {
  high: 'sure',
  medium: 'likely',
  low: 'uncertain',
};

interface Props {
  readonly page: CallPage;
  readonly chosen: number;
  readonly onChoose: (index: number) => void;
  readonly onShow: (index: number) => void;
}

export function VerdictCard({ page, chosen, onChoose, onShow }: Props) {
  const { level, headline, findings, others } = page.verdict;
  // What has no cause does not stand between the reader and what has one.
  const indexed = findings.map((finding, index) => ({ finding, index }));
  const told = indexed.filter(({ finding, index }) => index === 0 || finding.incidentIds.length > 0);
  const aside = indexed.filter((one) => !told.includes(one));
  const item = ({ finding, index }: { finding: Finding; index: number }) => (
    <FindingItem
      key={finding.incidentIds[0] ?? `${finding.participantId} ${finding.from} ${index}`}
      page={page}
      finding={finding}
      first={index === 0}
      chosen={index === chosen}
      onChoose={() => onChoose(index)}
      onShow={() => onShow(index)}
    />
  );
  return (
    <section class={`card verdict ${level}`} aria-labelledby="verdict-title">
      <div class="verdict-top">
        <h2 id="verdict-title">Verdict</h2>
        <span class={`level ${level}`}>{levels[level]}</span>
      </div>
      {findings.length === 0 ? (
        <p class="headline-text">
          <Words text={headline} />
        </p>
      ) : (
        <>
          <ol class="findings">{told.map(item)}</ol>
          {aside.length > 0 && (
            <details class="aside">
              <summary>Also poor for a while, without a cause that was found ({aside.length})</summary>
              <ol class="findings">{aside.map(item)}</ol>
            </details>
          )}
        </>
      )}
      {others.length > 0 && (
        <p class="soft">
          <Words text={others} />
        </p>
      )}
    </section>
  );
}

function FindingItem(props: {
  page: CallPage;
  finding: Finding;
  first: boolean;
  chosen: boolean;
  onChoose: () => void;
  onShow: () => void;
}) {
  const { page, finding, first, chosen } = props;
  return (
    <li class={`finding ${finding.severity}${chosen ? ' chosen' : ''}`}>
      <p class={first ? 'headline-text' : ''}>
        <Words text={finding.what} /> <Words text={finding.why} />{' '}
        {finding.did.length > 0 && <Words text={finding.did} />}
      </p>
      <div class="finding-foot">
        <span class="soft" title={`Confidence ${Math.round(finding.confidence * 100)} %`}>
          {certainties[finding.certainty]} ({Math.round(finding.confidence * 100)} %)
        </span>
        <button type="button" onClick={props.onShow}>
          Show in charts
        </button>
        {!chosen && (
          <button type="button" class="quiet" onClick={props.onChoose}>
            Show on the path
          </button>
        )}
        {finding.incidentIds.length > 0 && <Evidence page={page} finding={finding} />}
      </div>
    </li>
  );
}

function Evidence({ page, finding }: { page: CallPage; finding: Finding }) {
  const incidents = page.incidents.filter((i) => finding.incidentIds.includes(i.incident_id));
  const decisions = page.decisions.filter((d) => finding.decisionIds.includes(d.decision_id));
  return (
    <details class="evidence">
      <summary>Evidence</summary>
      {incidents.map((incident) => (
        <div key={incident.incident_id} class="evidence-item">
          <h3>
            {words(incident.kind)} <span class={`tag ${incident.severity}`}>{incident.severity}</span>
          </h3>
          <p class="soft">
            {incident.detector}, at {words(incident.hop)}, found {clock(incident.detected_at)}, confidence{' '}
            {incident.confidence.toFixed(2)}
          </p>
          <Facts facts={incident.evidence} />
        </div>
      ))}
      {decisions.map((decision) => (
        <div key={decision.decision_id} class="evidence-item">
          <h3>
            decision: {words(decision.kind)} {decision.outcome && <span class="tag">{decision.outcome}</span>}
          </h3>
          <p class="soft">{decision.reason}</p>
          <Facts facts={{ ...decision.params, ...decision.outcomeEvidence }} />
        </div>
      ))}
    </details>
  );
}

function Facts({ facts }: { facts: Readonly<Record<string, unknown>> }) {
  return (
    <dl class="facts">
      {Object.entries(facts)
        .slice(0, 60)
        .map(([name, value]) => {
          const [label, text] = fact(name, value);
          return (
            <div key={name}>
              <dt>{label}</dt>
              <dd>{text}</dd>
            </div>
          );
        })}
    </dl>
  );
}
