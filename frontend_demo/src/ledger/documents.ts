/** Every GraphQL document that the dashboard sends, typed against the exported schema. */
import { graphql, type ResultOf } from "./graphql";

export const tailEvent = graphql(`
  fragment TailEvent on LedgerEvent {
    __typename id position kind customerId typeCode amount delta balanceAfter effectiveAt recordedAt reason
    actor { kind id name }
  }
`);
export type TailEvent = ResultOf<typeof tailEvent>;

export const balanceCard = graphql(`
  fragment BalanceCard on Balance {
    id customerId typeCode available unrestricted held pending debt total version
    type { code name unit category scale }
    lifetime { issued consumed expired }
    expiring(first: 3) { amount expiresAt }
    asOf { position time }
  }
`);
export type BalanceCard = ResultOf<typeof balanceCard>;

export const refusal = graphql(`
  fragment Refusal on Rejection {
    __typename code message field retryable
    ... on InsufficientBalance { available missing unusable held pending nextActivationAt }
    ... on LimitReached { limit remaining }
    ... on IdempotencyConflict { firstEvent { position } }
  }
`);
export type Refusal = ResultOf<typeof refusal>;

// ---------------------------------------------------------------- live

export const eventsLive = graphql(
  `subscription Events($after: Cursor, $filter: EventFilter) {
    events(after: $after, filter: $filter) { cursor caughtUp events { ...TailEvent } }
  }`,
  [tailEvent],
);

export const ledgerLive = graphql(`
  subscription LedgerHead { ledger { name head root integrity { state verifiedTo verifiedAt detail } } }
`);
export type LedgerHead = ResultOf<typeof ledgerLive>["ledger"];

export const balancesLive = graphql(
  `subscription Balances($customerId: String!) { balances(customerId: $customerId) { ...BalanceCard } }`,
  [balanceCard],
);

// ---------------------------------------------------------------- reading

export const viewerQuery = graphql(`query Viewer { viewer { ledger scopes actor { kind id name } } }`);

export const historyQuery = graphql(
  `query History($filter: EventFilter, $first: Int, $after: Cursor, $last: Int, $before: Cursor) {
    history(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      nodes { ...TailEvent }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`,
  [tailEvent],
);

export const activityQuery = graphql(`
  query Activity($filter: EventFilter, $after: Cursor) {
    history(filter: $filter, first: 100, after: $after) {
      nodes { position kind recordedAt }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const customersQuery = graphql(`
  query Customers($search: String, $first: Int) {
    customers(search: $search, first: $first) { nodes { customerId name email state } pageInfo { hasNextPage } }
  }
`);

export const customerQuery = graphql(`
  query Customer($customerId: String!) {
    customer(customerId: $customerId) {
      id customerId name email state createdAt metadata
      history(first: 100) { nodes { position typeCode balanceAfter } }
    }
  }
`);

export const typesQuery = graphql(`
  query EntitlementTypes {
    entitlementTypes(first: 100) {
      nodes { code name unit category scale maxBalance defaultValidity { duration until } }
    }
  }
`);
export type EntitlementTypeSummary = ResultOf<typeof typesQuery>["entitlementTypes"]["nodes"][number];

const grantFacts = graphql(`
  fragment GrantFacts on Grant {
    id state amount remaining held priority funding costBasis effectiveAt expiresAt restrictedTo metadata
  }
`);
export type GrantFacts = ResultOf<typeof grantFacts>;

export const eventQuery = graphql(
  `query Event($position: Position!) {
    event(position: $position) {
      __typename id position kind cursor commandId customerId typeCode amount delta balanceAfter effectiveAt recordedAt
      actor { kind id name onBehalfOf }
      allocations { amount grant { id state amount remaining expiresAt } }
      reason note customerNote correlationId causationId idempotencyKey metadata leafHash
      ... on Issued { grant { ...GrantFacts } }
      ... on Activated { grant { ...GrantFacts } }
      ... on Expired { grant { ...GrantFacts } }
      ... on CustomerChanged { customer { customerId state createdAt metadata } }
      ... on TypeChanged {
        entitlementType {
          code name category unit scale timeZone defaultValidity { duration until } maxBalance debtLimit maxBackdate
          onExpiredReversal reversalGrace clawback holdTtlDefault holdTtlMax metadata
        }
      }
    }
  }`,
  [grantFacts],
);
export type FullEvent = NonNullable<ResultOf<typeof eventQuery>["event"]>;

// ---------------------------------------------------------------- writing

const operation = graphql(
  `fragment Operation on OperationPayload {
    replayed
    event { ...TailEvent }
    balance { available typeCode version }
    errors { ...Refusal }
  }`,
  [tailEvent, refusal],
);
export type OperationResult = ResultOf<typeof operation>;

export const issueMutation = graphql(`mutation Issue($input: IssueInput!) { issue(input: $input) { ...Operation } }`, [
  operation,
]);

export const consumeMutation = graphql(
  `mutation Consume($input: ConsumeInput!) { consume(input: $input) { ...Operation } }`,
  [operation],
);

export const registerCustomerMutation = graphql(
  `mutation RegisterCustomer($input: RegisterCustomerInput!) {
    registerCustomer(input: $input) { replayed event { position } customer { customerId } errors { ...Refusal } }
  }`,
  [refusal],
);

export const defineTypeMutation = graphql(
  `mutation DefineEntitlementType($input: DefineEntitlementTypeInput!) {
    defineEntitlementType(input: $input) {
      replayed event { position } entitlementType { code } errors { ...Refusal }
    }
  }`,
  [refusal],
);
