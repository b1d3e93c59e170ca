import type { JSONSchemaProps, ValidationRule } from '#core/api/schema/json-schema-v1.ts';
import { resolvePath } from '#core/api/structural/schema-path.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const hasNewline = (text: string): boolean => /[\n\r]/.test(text);

/** What the rules of a schema say besides their expressions, which are compiled elsewhere. */
export function checkRuleTexts(schema: JSONSchemaProps, field: FieldPath): void {
  for (const [i, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const at = field.at('x-kubernetes-validations', i);
    checkTexts(rule, at);
    if (rule.messageExpression !== undefined && rule.messageExpression.trim() === '') {
      at.at('messageExpression').required('messageExpression must be non-empty if specified');
    }
    if (rule.reason !== undefined && !reasons.includes(rule.reason)) at.at('reason').notSupported(rule.reason, reasons);
    if (rule.fieldPath !== undefined) checkPath(rule.fieldPath, schema, at.at('fieldPath'));
  }
}

function checkTexts({ rule, message = '' }: ValidationRule, field: FieldPath): void {
  const text = message.trim();
  if (rule.trim() === '') field.at('rule').required('rule is not specified');
  else if (message !== '' && text === '') field.at('message').invalid(message, 'must be non-empty if specified');
  else if (hasNewline(text)) field.at('message').invalid(message, 'must not contain line breaks');
  else if (hasNewline(rule.trim()) && text === '') field.at('message').required('message must be specified if rule contains line breaks');
}

function checkPath(path: string, schema: JSONSchemaProps, field: FieldPath): void {
  if (path.trim() === '') field.invalid(path, 'must be non-empty if specified');
  if (hasNewline(path)) field.invalid(path, 'must not contain line breaks');
  try {
    resolvePath(path, schema);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    field.invalid(path, 'must be a valid path');
  }
}
