/** Takes a request of this page elsewhere: to GraphiQL, or to a shell. */
import type { DocumentNode } from "graphql";
import { accessKey } from "../ledger/access";
import { CopyButton } from "./CopyButton";
import { curlCommand, graphiqlLink } from "./requestText";

export function RequestLinks({ document, variables }: { document: DocumentNode; variables: object }) {
  return (
    <span className="request-links">
      <a href={graphiqlLink(document, variables)}>Open in GraphiQL</a>
      <CopyButton
        text={() => curlCommand(document, variables, location.origin, accessKey() !== null)}
        className="quiet"
      >
        Copy as curl
      </CopyButton>
    </span>
  );
}
