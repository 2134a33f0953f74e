def handler(event, context):
    name = event.get("name") or event.get("queryStringParameters", {}).get("name", "world")
    print(f"saying hello to {name}")
    return {"message": f"hello, {name}", "from": context.function_name}
