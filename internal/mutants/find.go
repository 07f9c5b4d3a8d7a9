package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// finder finds the sites of a file.
type finder struct {
	pkg      *pkg
	types    *types.Package
	file     *ast.File
	relative string
	source   []byte
	function string
}

func (f *finder) find() {
	var stack []ast.Node
	ast.Inspect(f.file, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok != token.VAR {
				return false
			}
		case *ast.FuncDecl:
			f.function = n.Name.Name
		case *ast.ArrayType, *ast.FuncType:
			return false
		case *ast.CallExpr:
			if !f.worthwhile(n) {
				return false
			}
		}
		if e, ok := n.(ast.Expr); ok {
			if _, literal := e.(*ast.BasicLit); !literal && f.pkg.info.Types[e].Value != nil && !isTruth(e) {
				return false // a constant
			}
		}
		f.visit(n, stack)
		stack = append(stack, n)
		return true
	})
}

// worthwhile reports whether a call is more than text for people, or a hint of capacity.
func (f *finder) worthwhile(call *ast.CallExpr) bool {
	name := f.text(call.Fun)
	switch {
	case strings.HasPrefix(name, "fmt."), strings.HasPrefix(name, "errors."), strings.HasPrefix(name, "prefetch."):
		return false
	}
	return name != "panic" && name != "make" && !f.isGrown(call)
}

// isGrown reports whether e is a slice with more capacity, and nothing else.
func (f *finder) isGrown(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && f.text(call.Fun) == "slices.Grow"
}

func (f *finder) visit(n ast.Node, stack []ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.IfStmt:
		if cond, ok := n.Cond.(*ast.BinaryExpr); !ok || cond.Op != token.EQL && cond.Op != token.NEQ {
			f.wrap(negation, n.Cond, "((", ") != mutant(%d))")
		}
	case *ast.BasicLit:
		if key, ok := parent(stack).(*ast.KeyValueExpr); n.Kind != token.INT || ok && key.Key == n {
			return
		}
		if t := f.name(n); t != "" {
			f.wrap(number, n, "mutantNumber["+t+"](%d, ", ")")
		}
	case *ast.Ident:
		if isTruth(n) && f.pkg.info.Uses[n] == types.Universe.Lookup(n.Name) {
			f.wrap(truth, n, "(", " != mutant(%d))")
		}
	case ast.Stmt:
		f.statement(n, parent(stack))
	}
}

// statement leaves out a call or an assignment, where it stands in a list of statements.
func (f *finder) statement(n ast.Stmt, in ast.Node) {
	switch in.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
	default:
		return
	}
	switch n := n.(type) {
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		if !ok || !f.worthwhile(call) {
			return
		}
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE || f.text(n.Lhs[0]) == "_" || f.isGrown(n.Rhs[0]) {
			return
		}
	case *ast.IncDecStmt:
	default:
		return
	}
	if clause, ok := in.(*ast.CommClause); ok && clause.Comm == n {
		return
	}
	f.wrap(removal, n, "if !mutant(%d) { ", " }")
}

var comparisons = map[token.Token]string{
	token.LSS: "mutantLess", token.LEQ: "mutantLessEqual", token.GTR: "mutantMore", token.GEQ: "mutantMoreEqual",
}

var operations = map[token.Token]string{
	token.ADD: "mutantAdd", token.SUB: "mutantSub", token.MUL: "mutantMul", token.QUO: "mutantDiv",
	token.REM: "mutantRem", token.AND: "mutantAnd", token.OR: "mutantOr", token.XOR: "mutantXor",
	token.AND_NOT: "mutantClear", token.SHL: "mutantLeft", token.SHR: "mutantRight",
}

func (f *finder) binary(n *ast.BinaryExpr) {
	switch n.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		f.call(boundary, n, comparisons[n.Op]+"(", "")
	case token.EQL, token.NEQ:
		f.wrap(negation, n, "((", ") != mutant(%d))")
	case token.LAND, token.LOR:
		// Where the mutant is active, this is De Morgan's law; the right side stays lazy.
		f.joined(n)
	default:
		basic, ok := f.pkg.info.Types[n].Type.Underlying().(*types.Basic)
		if t := f.name(n); ok && t != "" && basic.Info()&types.IsInteger != 0 {
			cast := ""
			if n.Op == token.SHL || n.Op == token.SHR {
				cast = "uint64"
			}
			f.call(arithmetic, n, operations[n.Op]+"["+t+"](", cast)
		}
	}
}

// name returns how the type of an expression is written in this file, or "".
func (f *finder) name(e ast.Expr) string {
	t := f.pkg.info.Types[e].Type
	known := true
	name := types.TypeString(t, func(p *types.Package) string {
		if p == f.types {
			return ""
		}
		for _, spec := range f.file.Imports {
			if strings.Trim(spec.Path.Value, `"`) == p.Path() {
				if spec.Name != nil {
					return spec.Name.Name
				}
				return p.Name()
			}
		}
		known = false
		return ""
	})
	basic, ok := t.Underlying().(*types.Basic)
	if !known || !ok || basic.Info()&types.IsInteger == 0 || basic.Info()&types.IsUntyped != 0 {
		return ""
	}
	return name
}

func (f *finder) offset(p token.Pos) int { return f.pkg.fset.Position(p).Offset }

func (f *finder) text(n ast.Node) string {
	return strings.Join(strings.Fields(string(f.source[f.offset(n.Pos()):f.offset(n.End())])), " ")
}

func (f *finder) add(k kind, n ast.Node, edits func(id int) []edit) {
	f.pkg.sites = append(f.pkg.sites, &site{
		kind: k, file: f.relative, function: f.function, line: f.pkg.fset.Position(n.Pos()).Line,
		text: f.text(n), edits: edits,
	})
}

// wrap puts text before and after n; %d in it becomes the number of the mutant.
func (f *finder) wrap(k kind, n ast.Node, before, after string) {
	from, to := f.offset(n.Pos()), f.offset(n.End())
	f.add(k, n, func(id int) []edit {
		return []edit{{from, from, numbered(before, id), id}, {to, to, numbered(after, id), -id}}
	})
}

// call makes a call of a binary expression: head, the number, both operands, the second one converted.
func (f *finder) call(k kind, n *ast.BinaryExpr, head, cast string) {
	from, op, to := f.offset(n.X.Pos()), f.offset(n.OpPos), f.offset(n.Y.End())
	f.add(k, n, func(id int) []edit {
		return []edit{
			{from, from, fmt.Sprintf("%s%d, ", head, id), id},
			{op, op + len(n.Op.String()), ", " + cast + "(", 0},
			{to, to, "))", -id},
		}
	})
}

func (f *finder) joined(n *ast.BinaryExpr) {
	from, op, to := f.offset(n.X.Pos()), f.offset(n.OpPos), f.offset(n.Y.End())
	f.add(logical, n, func(id int) []edit {
		m := fmt.Sprintf(") != mutant(%d))", id)
		return []edit{
			{from, from, "((((", id},
			{op, op + len(n.Op.String()), m + " " + n.Op.String() + " ((", 0},
			{to, to, m + m, -id},
		}
	})
}

func numbered(text string, id int) string { return strings.ReplaceAll(text, "%d", fmt.Sprint(id)) }

func parent(stack []ast.Node) ast.Node {
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

func isTruth(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && (id.Name == "true" || id.Name == "false")
}
