"""The flow of ``cases.flow`` as BPMN and DMN for SpiffWorkflow, its state in PostgreSQL between steps."""

from __future__ import annotations

import io
import uuid
from typing import Any

DMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="http://camunda.org/schema/1.0/dmn">
  <decision id="bench_lead" name="bench_lead"><decisionTable id="t" hitPolicy="FIRST">
    <input id="i1" label="kind"><inputExpression id="e1" typeRef="string"><text>kind</text></inputExpression></input>
    <output id="o1" label="lead" name="lead" typeRef="string" />
    <rule id="r1"><inputEntry id="c1"><text>"lamp"</text></inputEntry><outputEntry id="x1"><text>"lamps"</text></outputEntry></rule>
    <rule id="r2"><inputEntry id="c2"><text>"tree"</text></inputEntry><outputEntry id="x2"><text>"parks"</text></outputEntry></rule>
    <rule id="r3"><inputEntry id="c3"><text></text></inputEntry><outputEntry id="x3"><text>"office"</text></outputEntry></rule>
  </decisionTable></decision>
</definitions>"""  # noqa: E501 - a file of the peer.
FLOWS = [
    ("start", "lead", ""), ("lead", "which", ""), ("which", "split", 'lead != "office"'), ("which", "other", ""),
    ("split", "first", ""), ("split", "second", ""), ("split", "third", ""),
    ("first", "join", ""), ("second", "join", ""), ("third", "join", ""), ("join", "check", ""),
    ("check", "good", ""), ("good", "closed", 'outcome == "fine"'), ("good", "split2", ""), ("split2", "check", ""),
]  # fmt: skip


def bpmn() -> str:
    """The process: a decision, a gateway, three tasks at once, a check, a gateway, the end."""
    flows = "".join(
        f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">'
        + (f"<conditionExpression>{test}</conditionExpression>" if test else "")
        + "</sequenceFlow>"
        for number, (source, target, test) in enumerate(FLOWS)
    )
    users = "".join(f'<userTask id="{name}" name="{name}"/>' for name in ("first", "second", "third", "check"))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="http://example.org/bench">
  <process id="bench" isExecutable="true">
    <startEvent id="start"/><businessRuleTask id="lead" name="lead" camunda:decisionRef="bench_lead"/>
    <exclusiveGateway id="which" default="f3"/><endEvent id="other"/>
    <parallelGateway id="split"/><parallelGateway id="join"/>{users}
    <exclusiveGateway id="good" default="f13"/><manualTask id="split2"/><endEvent id="closed"/>{flows}
  </process>
</definitions>"""


class Peer:
    """Runs instances through SpiffWorkflow; each step is one transaction that stores the whole state."""

    def __init__(self, url: str) -> None:
        """Parse the models once, connect."""
        import psycopg
        from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
        from SpiffWorkflow.camunda.parser import CamundaParser
        from SpiffWorkflow.camunda.serializer import DEFAULT_CONFIG

        parser = CamundaParser()
        parser.add_bpmn_io(io.BytesIO(bpmn().encode()))
        parser.add_dmn_io(io.BytesIO(DMN.encode()))
        self.spec = parser.get_spec("bench")
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(DEFAULT_CONFIG))
        self.connection = psycopg.connect(url, autocommit=True)

    def one(self, number: int) -> bool:
        """One whole instance; whether it ended where it should."""
        from SpiffWorkflow import TaskState
        from SpiffWorkflow.bpmn import BpmnWorkflow

        workflow = BpmnWorkflow(self.spec)
        key = uuid.uuid4()
        start = workflow.get_next_task(state=TaskState.READY)
        start.data.update({"kind": "lamp", "number": number})
        workflow.do_engine_steps()
        self.connection.execute(
            "INSERT INTO bench_peer (id, state) VALUES (%s, %s)", [key, self.serializer.serialize_json(workflow)]
        )
        while workflow.get_tasks(state=TaskState.READY, manual=True):
            # Any process may take the next step, as with ours: it begins with what is stored.
            row = self.connection.execute("SELECT state::text FROM bench_peer WHERE id = %s", [key]).fetchone()
            if row is None:
                return False
            workflow = self.serializer.deserialize_json(row[0])
            tasks = workflow.get_tasks(state=TaskState.READY, manual=True)
            task: Any = tasks[0]
            task.data["outcome"] = "fine" if task.task_spec.name == "check" else "done"
            task.run()
            workflow.do_engine_steps()
            self.connection.execute(
                "UPDATE bench_peer SET state = %s, done = %s WHERE id = %s",
                [self.serializer.serialize_json(workflow), workflow.completed, key],
            )
        return bool(workflow.completed and workflow.last_task.data.get("lead") == "lamps")
