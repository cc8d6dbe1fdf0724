"""Drives the stand-in server with the official SDKs: what they parse is what the real wire formats are.

usage: check.py BASE_URL. Prints one line for each failed check and then `N passed, N failed`.
"""

import json
import sys
import traceback
import urllib.request

import anthropic
import httpx2
import openai

BASE_URL = sys.argv[1]
MODEL = "standin-large"
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def expect(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def expect_raises(kind, function):
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}")


def openai_client(key="sk-test", retries=0, **options):
    return openai.OpenAI(api_key=key, base_url=f"{BASE_URL}/v1", max_retries=retries, **options)


def anthropic_client(key="sk-ant-test", retries=0, **options):
    return anthropic.Anthropic(api_key=key, base_url=BASE_URL, max_retries=retries, **options)


def user(text):
    return [{"role": "user", "content": text}]


OPENAI_TOOLS = [{"type": "function", "function": {"name": "execute", "parameters": SCHEMA}}]
OPENAI_RESPONSES_TOOLS = [{"type": "function", "name": "execute", "parameters": SCHEMA, "strict": False}]
ANTHROPIC_TOOLS = [{"name": "execute", "input_schema": SCHEMA}]


# --- OpenAI -----------------------------------------------------------------------------------------------------------


@check
def openai_lists_models():
    ids = [model.id for model in openai_client().models.list()]
    assert MODEL in ids, ids


@check
def openai_whole_answer():
    message = '!text "Grüße 👩‍🚀"\n!usage input=10 output=5 cache_read=3 cache_write=2 reasoning=1'
    answer = openai_client().chat.completions.create(model=MODEL, messages=user(message))
    expect(answer.choices[0].message.content, "Grüße 👩‍🚀")
    expect(answer.choices[0].finish_reason, "stop")
    expect((answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens), (15, 5, 20))
    expect(answer.usage.prompt_tokens_details.cached_tokens, 3)
    expect(answer.usage.completion_tokens_details.reasoning_tokens, 1)


@check
def openai_streams_text_and_usage():
    stream = openai_client().chat.completions.create(
        model=MODEL, messages=user("!tokens 20\n!usage input=1 output=20"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    expect(len(text.split()), 20)
    expect(chunks[0].choices[0].delta.role, "assistant")
    expect(chunks[-2].choices[0].finish_reason, "stop")
    expect((chunks[-1].choices, chunks[-1].usage.total_tokens), ([], 21))
    assert all(chunk.usage is None for chunk in chunks[:-1])


@check
def openai_streams_without_usage_unless_asked():
    chunks = list(openai_client().chat.completions.create(model=MODEL, messages=user("!text x"), stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


@check
def openai_streams_parallel_calls_through_the_accumulator():
    script = '!call execute {"command": "ls ü"}\n!call execute {"command": "pwd"}'
    with openai_client().chat.completions.stream(model=MODEL, messages=user(script), tools=OPENAI_TOOLS) as stream:
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    arguments = [json.loads(call.function.arguments)["command"] for call in message.tool_calls]
    expect(arguments, ["ls ü", "pwd"])
    expect(len({call.id for call in message.tool_calls}), 2)


@check
def openai_goes_around_with_tool_results():
    client = openai_client()
    messages = user('!call execute {"command": "ls"}\n!then\n!results')
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=OPENAI_TOOLS)
    expect(first.choices[0].finish_reason, "tool_calls")
    call = first.choices[0].message.tool_calls[0]
    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "README.md"})
    second = client.chat.completions.create(model=MODEL, messages=messages, tools=OPENAI_TOOLS)
    expect(second.choices[0].message.content.strip(), "execute answered: README.md")


@check
def openai_shows_reasoning_as_compatible_servers_do():
    chunks = openai_client().chat.completions.create(model=MODEL, messages=user("!reason because\n!text x"), stream=True)
    thoughts = "".join(getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks)
    expect(thoughts, "because")


def respond(items, tools=openai.NOT_GIVEN):
    """The events of an answer, and what the SDK makes of them. The stand-in streams and stores nothing, as Switchyard asks."""
    client = openai_client()
    with client.responses.stream(model=MODEL, input=items, tools=tools, store=False, include=["reasoning.encrypted_content"]) as stream:
        events = list(stream)
        return events, stream.get_final_response()


@check
def openai_responses_whole_answer():
    message = '!text "Grüße 👩‍🚀"\n!usage input=10 output=5 cache_read=3 reasoning=1'
    _, answer = respond(message)
    expect((answer.output_text, answer.status), ("Grüße 👩‍🚀", "completed"))
    expect((answer.usage.input_tokens, answer.usage.output_tokens), (13, 5))
    expect(answer.usage.input_tokens_details.cached_tokens, 3)
    expect(answer.usage.output_tokens_details.reasoning_tokens, 1)


@check
def openai_responses_stream_text_reasoning_and_calls_through_the_accumulator():
    script = '!reason because\n!text "I look."\n!call execute {"command": "ls ü"}\n!call execute {"command": "pwd"}'
    events, answer = respond(script, OPENAI_RESPONSES_TOOLS)
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    expect((text.strip(), answer.output_text.strip()), ("I look.", "I look."))
    calls = [item for item in answer.output if item.type == "function_call"]
    expect([json.loads(call.arguments)["command"] for call in calls], ["ls ü", "pwd"])
    expect(len({call.call_id for call in calls}), 2)
    assert any(item.type == "reasoning" for item in answer.output), answer.output
    expect([event.sequence_number for event in events if event.sequence_number is not None], list(range(len(events))))


@check
def openai_responses_go_around_with_tool_results():
    items = [{"role": "user", "content": '!call execute {"command": "ls"}\n!then\n!results'}]
    _, first = respond(items, OPENAI_RESPONSES_TOOLS)
    call = next(item for item in first.output if item.type == "function_call")
    items += [item.model_dump(exclude_none=True) for item in first.output]
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "README.md"})
    _, second = respond(items, OPENAI_RESPONSES_TOOLS)
    expect(second.output_text.strip(), "execute answered: README.md")


@check
def openai_responses_work_on_a_computer():
    tools = [{"type": "computer"}]
    script = '!call computer {"actions": [{"type": "click", "button": "left", "x": 7, "y": 9}]}'
    _, answer = respond(script, tools)
    call = next(item for item in answer.output if item.type == "computer_call")
    (action,) = call.actions
    expect((action.type, action.x, action.y, action.button), ("click", 7, 9, "left"))


@check
def openai_responses_statuses():
    cases = [(400, openai.BadRequestError), (404, openai.NotFoundError), (429, openai.RateLimitError), (500, openai.InternalServerError)]
    for status, kind in cases:
        error = expect_raises(kind, lambda: respond(f'!error {status} "said"'))
        expect((error.status_code, error.body["message"]), (status, "said"))


@check
def openai_wrong_key():
    error = expect_raises(openai.AuthenticationError, lambda: openai_client("wrong").models.list())
    expect(error.code, "invalid_api_key")


@check
def openai_statuses():
    cases = [(400, openai.BadRequestError), (403, openai.PermissionDeniedError), (404, openai.NotFoundError),
             (429, openai.RateLimitError), (500, openai.InternalServerError), (503, openai.InternalServerError)]
    for status, kind in cases:
        for stream in (False, True):
            create = openai_client().chat.completions.create
            error = expect_raises(kind, lambda: create(model=MODEL, messages=user(f'!error {status} "said"'), stream=stream))
            expect((error.status_code, error.body["message"]), (status, "said"))


@check
def openai_retries_after_the_time_it_is_told():
    client = openai_client(retries=2)
    message = '!error 429 retry_after=0.05 times=1 "slow down"\n!text through with the OpenAI SDK'
    answer = client.chat.completions.create(model=MODEL, messages=user(message))
    expect(answer.choices[0].message.content, "through with the OpenAI SDK")


@check
def openai_error_in_the_middle():
    stream = openai_client().chat.completions.create(model=MODEL, messages=user('!text half\n!error 500 "oops"'), stream=True)
    error = expect_raises(openai.APIError, lambda: list(stream))
    expect(error.message, "oops")


@check
def openai_cut():
    stream = openai_client().chat.completions.create(model=MODEL, messages=user("!text half\n!cut"), stream=True)
    expect_raises((openai.APIConnectionError, httpx2.HTTPError), lambda: list(stream))


@check
def openai_refuses_bad_requests():
    create = openai_client().chat.completions.create
    call = {"id": "a", "type": "function", "function": {"name": "execute", "arguments": "{}"}}
    bad = [
        {"messages": []},
        {"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]},
        {"messages": user("x") + [{"role": "assistant", "tool_calls": [call]}]},
        {"messages": user("x") + [{"role": "assistant", "tool_calls": [call]}, *user("y")]},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": user("x"), "tool_choice": "auto"},
        {"messages": user("x"), "stream_options": {"include_usage": True}},
        {"messages": user("x"), "max_tokens": 1, "max_completion_tokens": 1},
        {"messages": user("x"), "model": ""},
        {"messages": user("x"), "model": "standin-strict", "max_tokens": 1},
    ]
    for body in bad:
        expect_raises(openai.BadRequestError, lambda: create(**{"model": MODEL, **body}))
    expect_raises(openai.NotFoundError, lambda: create(model="no-such-model", messages=user("x")))


# --- Anthropic --------------------------------------------------------------------------------------------------------


@check
def anthropic_lists_models():
    models = list(anthropic_client().models.list())
    assert MODEL in [model.id for model in models], models
    expect(models[0].max_input_tokens, 200_000)


@check
def anthropic_whole_answer():
    message = '!reason hm\n!text "Grüße 👩‍🚀"\n!usage input=10 output=5 cache_read=3 cache_write=2'
    answer = anthropic_client().messages.create(model=MODEL, max_tokens=100, messages=user(message))
    expect([block.type for block in answer.content], ["thinking", "text"])
    expect(answer.content[1].text, "Grüße 👩‍🚀")
    expect(answer.stop_reason, "end_turn")
    usage = answer.usage
    expect((usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens), (10, 5, 3, 2))


@check
def anthropic_streams_through_the_accumulator():
    script = '!reason why so\n!text looking\n!call execute {"command": "ls ü"}\n!call execute {"command": "pwd"}'
    with anthropic_client().messages.stream(model=MODEL, max_tokens=100, messages=user(script), tools=ANTHROPIC_TOOLS) as stream:
        kinds = [event.type for event in stream]
        message = stream.get_final_message()
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop", kinds
    expect([block.type for block in message.content], ["thinking", "text", "tool_use", "tool_use"])
    expect(message.content[0].thinking, "why so")
    assert message.content[0].signature
    expect([block.input["command"] for block in message.content[2:]], ["ls ü", "pwd"])
    expect(message.stop_reason, "tool_use")


@check
def anthropic_counts_tokens_in_the_stream():
    script = "!tokens 7\n!usage input=4 output=7 cache_read=2 cache_write=1 reasoning=3"
    with anthropic_client().messages.stream(model=MODEL, max_tokens=100, messages=user(script)) as stream:
        usage = stream.get_final_message().usage
    expect((usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens), (4, 7, 2))


@check
def anthropic_goes_around_with_thoughts_and_results():
    client = anthropic_client()
    messages = user('!reason hm\n!call execute {"command": "ls"}\n!then\n!results')
    first = client.messages.create(model=MODEL, max_tokens=100, messages=messages, tools=ANTHROPIC_TOOLS)
    messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]})
    result = {"type": "tool_result", "tool_use_id": first.content[-1].id, "content": "README.md"}
    messages.append({"role": "user", "content": [result]})
    second = client.messages.create(model=MODEL, max_tokens=100, messages=messages, tools=ANTHROPIC_TOOLS)
    expect(second.content[0].text.strip(), "execute answered: README.md")


@check
def anthropic_wrong_key():
    error = expect_raises(anthropic.AuthenticationError, lambda: anthropic_client("wrong").models.list())
    expect(error.body["error"]["type"], "authentication_error")


@check
def anthropic_statuses():
    cases = [(400, anthropic.BadRequestError), (403, anthropic.PermissionDeniedError), (404, anthropic.NotFoundError),
             (429, anthropic.RateLimitError), (500, anthropic.InternalServerError), (529, anthropic.APIStatusError)]
    for status, kind in cases:
        for stream in (False, True):
            create = anthropic_client().messages.create
            body = {"model": MODEL, "max_tokens": 10, "messages": user(f'!error {status} "said"'), "stream": stream}
            error = expect_raises(kind, lambda: create(**body))
            expect((error.status_code, error.body["error"]["message"]), (status, "said"))


@check
def anthropic_retries_after_the_time_it_is_told():
    client = anthropic_client(retries=2)
    message = '!error 529 retry_after=0.05 times=1 "Overloaded"\n!text through with the Anthropic SDK'
    answer = client.messages.create(model=MODEL, max_tokens=10, messages=user(message))
    expect(answer.content[0].text, "through with the Anthropic SDK")


@check
def anthropic_error_in_the_middle():
    body = {"model": MODEL, "max_tokens": 10, "messages": user('!text half\n!error 529 "Overloaded"'), "stream": True}
    error = expect_raises(anthropic.APIStatusError, lambda: list(anthropic_client().messages.create(**body)))
    expect(error.body["error"]["type"], "overloaded_error")


@check
def anthropic_cut():
    body = {"model": MODEL, "max_tokens": 10, "messages": user("!text half\n!cut"), "stream": True}
    expect_raises((anthropic.APIConnectionError, httpx2.HTTPError), lambda: list(anthropic_client().messages.create(**body)))


@check
def anthropic_refuses_bad_requests():
    create = anthropic_client().messages.create
    use = {"type": "tool_use", "id": "a", "name": "execute", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": "x"}
    mark = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
    thought = {"type": "thinking", "thinking": "x", "signature": "forged"}
    bad = [
        {"messages": []},
        {"messages": user("")},
        {"messages": user("x"), "max_tokens": 0},
        {"messages": [{"role": "assistant", "content": "x"}]},
        {"messages": [{"role": "system", "content": "x"}]},
        {"messages": [{"role": "user", "content": [result]}]},
        {"messages": user("x") + [{"role": "assistant", "content": [use]}]},
        {"messages": user("x") + [{"role": "assistant", "content": [use]}, *user("y")]},
        {"messages": user("x") + [{"role": "assistant", "content": [{**use, "id": "a.b"}]}]},
        {"messages": user("x") + [{"role": "assistant", "content": [thought]}, *user("y")]},
        {"messages": user("x") + [{"role": "assistant", "content": [thought, {"type": "text", "text": "x"}]}, *user("y")]},
        {"messages": [{"role": "user", "content": [mark] * 5}]},
        {"messages": user("x"), "thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 1000},
        {"messages": user("x"), "tool_choice": {"type": "any"}},
    ]
    for body in bad:
        expect_raises(anthropic.BadRequestError, lambda: create(**{"model": MODEL, "max_tokens": 10, **body}))
    expect_raises(anthropic.NotFoundError, lambda: create(model="no-such-model", max_tokens=1, messages=user("x")))


@check
def anthropic_takes_two_messages_of_one_side():
    messages = user("Hello.") + user("!text taken")
    answer = anthropic_client().messages.create(model=MODEL, max_tokens=10, messages=messages)
    expect(answer.content[0].text, "taken")


# --- Beside the protocols ---------------------------------------------------------------------------------------------


@check
def remembers_requests_without_keys():
    openai_client().chat.completions.create(model=MODEL, messages=user("!text remembered"))
    with urllib.request.urlopen(f"{BASE_URL}/__requests") as response:
        seen = json.load(response)
    last = seen["requests"][-1]
    expect(last["body"]["messages"][0]["content"], "!text remembered")
    expect(last["headers"]["authorization"], "[REDACTED]")
    assert seen["count"] > 10, seen["count"]


def main():
    failed = 0
    for function in CHECKS:
        try:
            function()
        except Exception:
            failed += 1
            print(f"FAILED {function.__name__}\n{traceback.format_exc()}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
