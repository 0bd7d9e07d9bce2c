do -- fence variant=up generation=0 site=customer-01 (generated, do not edit)
end
