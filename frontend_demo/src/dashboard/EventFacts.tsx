/** What an event has by its kind: the grant, the customer or the entitlement type that it is about. */
import type { ReactNode } from "react";
import type { FullEvent, GrantFacts } from "../ledger/documents";
import { amountText, dateTimeText, kindText } from "../ledger/format";

export function EventFacts({ event }: { event: FullEvent }) {
  if ("grant" in event && event.grant) return <Grant grant={event.grant} />;
  if ("customer" in event && event.customer) return <Plain title="Customer now" facts={event.customer} />;
  if ("entitlementType" in event) return <Plain title="The definition from here on" facts={event.entitlementType} />;
  return null;
}

/** One line of a definition list; nothing at all where there is nothing to say. */
export function Member({ name, children }: { name: string; children: ReactNode }) {
  if (children === null || children === undefined || children === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Code({ name, children }: { name: string; children: string | null }) {
  return <Member name={name}>{children && <code>{children}</code>}</Member>;
}

export function metadataText(metadata: unknown): string | null {
  const text = JSON.stringify(metadata);
  return text === "{}" ? null : text;
}

function Grant({ grant }: { grant: GrantFacts }) {
  return (
    <section className="facts-of-kind">
      <h3>The grant now</h3>
      <dl className="members">
        <Code name="id">{grant.id}</Code>
        <Member name="state">{grant.state.toLowerCase()}</Member>
        <Member name="left">
          {amountText(grant.remaining)} of {amountText(grant.amount)}
          {/[1-9]/.test(grant.held) && `, ${amountText(grant.held)} held`}
        </Member>
        <Member name="usable from">{dateTimeText(grant.effectiveAt)}</Member>
        <Member name="expires">{grant.expiresAt ? dateTimeText(grant.expiresAt) : "never"}</Member>
        <Member name="priority">{grant.priority}</Member>
        <Member name="funding">{grant.funding.toLowerCase()}</Member>
        <Member name="cost basis">{grant.costBasis}</Member>
        <Member name="only for">{grant.restrictedTo.join(", ")}</Member>
        <Code name="metadata">{metadataText(grant.metadata)}</Code>
      </dl>
    </section>
  );
}

/** Members in the order in which they were asked for, by their own names. */
function Plain({ title, facts }: { title: string; facts: Record<string, unknown> | null }) {
  if (!facts) return null;
  return (
    <section className="facts-of-kind">
      <h3>{title}</h3>
      <dl className="members">
        {Object.entries(facts)
          .filter(([name, value]) => name !== "__typename" && value !== null && metadataText(value) !== null)
          .map(([name, value]) => (
            <Member key={name} name={wordsOf(name)}>
              {typeof value === "object" ? <code>{JSON.stringify(value)}</code> : String(value)}
            </Member>
          ))}
      </dl>
    </section>
  );
}

/** "maxBalance" as "max balance". */
function wordsOf(name: string): string {
  return kindText(name.replaceAll(/([A-Z])/g, "_$1")).toLowerCase();
}
